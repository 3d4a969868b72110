// SPDX-License-Identifier: Apache-2.0
// Small questions about OpenVINO graphs that the passes of this folder ask again and again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>

namespace zoa {

using NodePtr = std::shared_ptr<ov::Node>;
using NodeSet = std::unordered_set<const ov::Node*>;

/// Nodes that no Parameter reaches: constants and what is computed from constants alone.
NodeSet constant_nodes(const ov::Model& model);

/// The values behind an output that is a Constant (through Convert), as floats; nothing otherwise.
std::optional<std::vector<float>> constant_values(const ov::Output<ov::Node>& output);

/// The one value of a scalar constant (any shape with one element).
std::optional<float> scalar_value(const ov::Output<ov::Node>& output);

/// For an elementwise node with one input of constants: index of the other input. Nothing if both
/// or neither come from constants.
std::optional<std::size_t> data_input(const ov::Node& node, const NodeSet& constants);

/// The only node that reads this output, or null.
NodePtr only_consumer(const ov::Output<ov::Node>& output);

/// True if the type of the node is Name: is_type(node, "Add").
bool is_op(const ov::Node& node, const char* type_name);

/// True if each number of the output comes from the numbers at its place (operands broadcast).
bool is_elementwise(const ov::Node& node);

/// True for an Add of two FakeQuantize of one value: one quantizer of two step sizes.
bool is_quantizer_sum(const ov::Node& node);

/// All nodes that `output` depends on through floating-point data (shape arithmetic is not
/// followed), itself included, constants excluded.
NodeSet data_ancestors(const ov::Output<ov::Node>& output, const NodeSet& constants);

/// f32 constant with this shape; `values` has one element or as many as the shape.
std::shared_ptr<ov::op::v0::Constant> make_constant(const ov::Shape& shape,
                                                    const std::vector<float>& values);

/// i64 vector constant, for axes and shapes.
std::shared_ptr<ov::op::v0::Constant> make_indices(const std::vector<std::int64_t>& values);

/// The value in another shape; in another order of axes.
ov::Output<ov::Node> reshape(const ov::Output<ov::Node>& value, const ov::Shape& shape);
ov::Output<ov::Node> transpose(const ov::Output<ov::Node>& value,
                               const std::vector<std::int64_t>& order);

/// A short text of a node for errors and listings: "MatMul 'head/MatMul'".
std::string describe(const ov::Node& node);

/// Number of channels of an output on an axis (negative counts from the end); 0 if not static.
std::size_t channels_of(const ov::Output<ov::Node>& output, int axis);

}  // namespace zoa
