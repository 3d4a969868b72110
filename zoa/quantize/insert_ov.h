// SPDX-License-Identifier: Apache-2.0
// Puts quantizers into a network.
#pragma once

#include <vector>

#include "zoa/graph/products_ov.h"
#include "zoa/quantize/range.h"

namespace zoa {

/// Replaces the float weights of a product by integers, a Convert and one scale per output channel.
/// limit  largest magnitude: 127, or 63 with the reduced range
void insert_weight_quantizer(const Product& product, int limit);

/// A FakeQuantize after `value`. Readers are not moved.
ov::Output<ov::Node> make_activation_quantizer(const ov::Output<ov::Node>& value,
                                               const QuantizerRange& range);

}  // namespace zoa
