// SPDX-License-Identifier: Apache-2.0
// What may be done to q, k and v before they are quantized without changing attention's result:
//   k - c for any c: every score of a query moves by the same amount, which softmax forgets;
//   q / e and k * e: the scores stay;
//   v - c, with c added to the mix behind it: the probabilities of a query sum to one.
// So channels are moved round zero (the quantizers have no zero point) and q and k get ranges of
// the same size.
#pragma once

#include "zoa/quantize/activation_plan.h"

namespace zoa {

/// Of q, or of k. Empty where rows of one of them were not sampled.
Equalizer equalize_query(const ValueStatistics& q, const ValueStatistics& k, std::size_t heads);
Equalizer equalize_key(const ValueStatistics& q, const ValueStatistics& k, std::size_t heads);

/// Of v: a shift only.
Equalizer centre_value(const ValueStatistics& v);

}  // namespace zoa
