// SPDX-License-Identifier: Apache-2.0
// Puts quantizers into a network.
#pragma once

#include "zoa/graph/products_ov.h"
#include "zoa/quantize/activation_plan.h"

namespace zoa {

/// What a product reads instead of the point's value: equalized if the plan says so, then quantized
/// (one FakeQuantize, or the sum of two for a twin range). Readers are not moved.
ov::Output<ov::Node> make_activation_quantizer(const ActivationPoint& point,
                                               const ActivationPlan& plan);

/// Adds back, behind an attention product, what the plan of its right factor (v) took away.
void add_shift_back(const Product& product, const ActivationPlan& plan);

}  // namespace zoa
