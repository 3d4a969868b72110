// SPDX-License-Identifier: Apache-2.0
// The small graph of constants that holds a product's weights (integers, zero points, scales, a
// quantizer), built anew with each constant changed in the same way.
#pragma once

#include <functional>
#include <optional>

#include "zoa/graph/ops_ov.h"

namespace zoa {

/// What becomes of a constant of the weights; its shape has been filled up to two dimensions.
using ConstantMap = std::function<ov::Output<ov::Node>(const ov::Output<ov::Node>&)>;

/// The weights of a linear layer with every constant mapped; nothing where other nodes than
/// Convert, Subtract, Multiply and FakeQuantize make them, or a value does not
/// have 8, 16 or 32 bits.
std::optional<ov::Output<ov::Node>> map_weights(const ov::Output<ov::Node>& weights,
                                                const ConstantMap& map);

/// A constant (a, b) of such values as (b, a).
ov::Output<ov::Node> transposed_constant(const ov::Output<ov::Node>& matrix);

/// A constant in another shape; the memory is shared.
ov::Output<ov::Node> reshaped_constant(const ov::Output<ov::Node>& constant,
                                       const ov::Shape& shape);

/// Rows first, .. of a constant (rows, ..).
ov::Output<ov::Node> constant_rows(const ov::Output<ov::Node>& constant,
                                   std::size_t first,
                                   std::size_t count);

}  // namespace zoa
