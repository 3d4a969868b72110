// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/weight_graph_ov.h"

#include <openvino/core/rt_info.hpp>
#include <openvino/op/reshape.hpp>

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// (C) as (1, C), a number as (1, 1).
Value as_matrix(const Value& constant) {
  const ov::Shape& shape = constant.get_shape();
  if (shape.size() == 2) {
    return constant;
  }
  const std::int64_t columns = shape.empty() ? 1 : static_cast<std::int64_t>(shape[0]);
  return folded(std::make_shared<ov::op::v1::Reshape>(constant, make_indices({1, columns}), false)
                    ->output(0));
}

}  // namespace

Value folded(const Value& value) {
  ov::OutputVector results(1);
  const bool done = value.get_node()->constant_fold(results, value.get_node()->input_values());
  return done ? results.front() : value;
}

std::optional<Value> map_weights(const Value& weights, const ConstantMap& map) {
  const ov::Node& node = *weights.get_node();
  if (weights.get_shape().size() > 2) {
    return std::nullopt;
  }
  if (is_op(node, "Constant")) {
    return map(as_matrix(weights));
  }
  if (!is_op(node, "Convert") && !is_op(node, "Subtract") && !is_op(node, "Multiply") &&
      !is_op(node, "FakeQuantize")) {
    return std::nullopt;
  }
  ov::OutputVector inputs;
  for (const Value& input : node.input_values()) {
    const auto mapped = map_weights(input, map);
    if (!mapped) {
      return std::nullopt;
    }
    inputs.push_back(*mapped);
  }
  const NodePtr made = node.clone_with_new_inputs(inputs);
  ov::copy_runtime_info(weights.get_node_shared_ptr(), made);  // keeps integers from being folded
  made->set_friendly_name(node.get_friendly_name());
  return made->output(0);
}

}  // namespace zoa
