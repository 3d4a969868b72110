// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/ops_ov.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <openvino/op/convert.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/transpose.hpp>

namespace zoa {

namespace {

constexpr std::array kElementwise = {
    "Add",     "Subtract", "Multiply",    "Divide", "Power",   "SquaredDifference",
    "Maximum", "Minimum",  "Erf",         "Gelu",   "Relu",    "Sigmoid",
    "Tanh",    "Swish",    "HSwish",      "Clamp",  "Convert", "Exp",
    "Sqrt",    "Negative", "FakeQuantize"};

}  // namespace

NodeSet constant_nodes(const ov::Model& model) {
  NodeSet constants;
  for (const auto& node : model.get_ordered_ops()) {
    if (is_op(*node, "Parameter") || is_op(*node, "Result")) {
      continue;
    }
    bool all = true;
    for (const auto& input : node->input_values()) {
      all = all && constants.count(input.get_node()) != 0;
    }
    if (all) {
      constants.insert(node.get());
    }
  }
  return constants;
}

std::optional<std::vector<float>> constant_values(const ov::Output<ov::Node>& output) {
  NodePtr node = output.get_node_shared_ptr();
  if (is_op(*node, "Convert")) {
    node = node->get_input_node_shared_ptr(0);
  }
  const auto constant = std::dynamic_pointer_cast<ov::op::v0::Constant>(node);
  if (constant == nullptr) {
    return std::nullopt;
  }
  return constant->cast_vector<float>();
}

std::optional<float> scalar_value(const ov::Output<ov::Node>& output) {
  const auto values = constant_values(output);
  if (!values || values->size() != 1) {
    return std::nullopt;
  }
  return values->front();
}

std::optional<std::size_t> data_input(const ov::Node& node, const NodeSet& constants) {
  if (node.get_input_size() != 2) {
    return std::nullopt;
  }
  const bool first = constants.count(node.get_input_node_ptr(0)) != 0;
  const bool second = constants.count(node.get_input_node_ptr(1)) != 0;
  if (first == second) {
    return std::nullopt;
  }
  return first ? 1U : 0U;
}

NodePtr only_consumer(const ov::Output<ov::Node>& output) {
  const auto consumers = output.get_target_inputs();
  if (consumers.size() != 1) {
    return nullptr;
  }
  return consumers.begin()->get_node()->shared_from_this();
}

bool is_op(const ov::Node& node, const char* type_name) {
  return std::string_view(node.get_type_info().name) == type_name;
}

bool is_elementwise(const ov::Node& node) {
  const std::string_view type = node.get_type_info().name;
  return std::find(kElementwise.begin(), kElementwise.end(), type) != kElementwise.end();
}

bool is_quantizer_sum(const ov::Node& node) {
  if (!is_op(node, "Add")) {
    return false;
  }
  const ov::Node& first = *node.get_input_node_ptr(0);
  const ov::Node& second = *node.get_input_node_ptr(1);
  return &first != &second && is_op(first, "FakeQuantize") && is_op(second, "FakeQuantize") &&
         first.input_value(0) == second.input_value(0);
}

NodeSet data_ancestors(const ov::Output<ov::Node>& output, const NodeSet& constants) {
  NodeSet seen;
  std::vector<const ov::Node*> stack{output.get_node()};
  while (!stack.empty()) {
    const ov::Node* node = stack.back();
    stack.pop_back();
    if (constants.count(node) != 0 || !seen.insert(node).second) {
      continue;
    }
    for (const auto& input : node->input_values()) {
      const auto& type = input.get_element_type();
      if (type.is_real() || type.bitwidth() <= 16) {  // integers of 32 and 64 bits are shapes
        stack.push_back(input.get_node());
      }
    }
  }
  return seen;
}

std::shared_ptr<ov::op::v0::Constant> make_constant(const ov::Shape& shape,
                                                    const std::vector<float>& values) {
  return ov::op::v0::Constant::create(ov::element::f32, shape, values);
}

std::shared_ptr<ov::op::v0::Constant> make_indices(const std::vector<std::int64_t>& values) {
  return ov::op::v0::Constant::create(ov::element::i64, ov::Shape{values.size()}, values);
}

ov::Output<ov::Node> reshape(const ov::Output<ov::Node>& value, const ov::Shape& shape) {
  const std::vector<std::int64_t> target(shape.begin(), shape.end());
  return std::make_shared<ov::op::v1::Reshape>(value, make_indices(target), false)->output(0);
}

ov::Output<ov::Node> transpose(const ov::Output<ov::Node>& value,
                               const std::vector<std::int64_t>& order) {
  return std::make_shared<ov::op::v1::Transpose>(value, make_indices(order))->output(0);
}

std::string describe(const ov::Node& node) {
  return std::string(node.get_type_info().name) + " '" + node.get_friendly_name() + "'";
}

std::size_t channels_of(const ov::Output<ov::Node>& output, int axis) {
  const auto& shape = output.get_partial_shape();
  if (shape.rank().is_dynamic()) {
    return 0;
  }
  const auto rank = static_cast<int>(shape.rank().get_length());
  const int index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank || shape[static_cast<std::size_t>(index)].is_dynamic()) {
    return 0;
  }
  return static_cast<std::size_t>(shape[static_cast<std::size_t>(index)].get_length());
}

}  // namespace zoa
