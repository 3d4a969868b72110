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
/// Convert, Subtract, Multiply and FakeQuantize make them.
std::optional<ov::Output<ov::Node>> map_weights(const ov::Output<ov::Node>& weights,
                                                const ConstantMap& map);

/// The constant that this node computes from constants; the value itself where it cannot.
ov::Output<ov::Node> folded(const ov::Output<ov::Node>& value);

}  // namespace zoa
