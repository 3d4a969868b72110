// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/head_ov.h"

#include <map>

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
using Copies = std::map<Value, Value>;

Value copy_behind(const Value& value, const NodeSet& before, Copies& copies) {
  if (const auto found = copies.find(value); found != copies.end()) {
    return found->second;
  }
  const NodePtr node = value.get_node_shared_ptr();
  if (before.count(node.get()) != 0 || node->get_input_size() == 0) {
    return value;
  }
  ov::OutputVector inputs;
  bool changed = false;
  for (const auto& input : node->input_values()) {
    inputs.push_back(copy_behind(input, before, copies));
    changed = changed || inputs.back() != input;
  }
  if (!changed) {
    return value;  // weights: shared with the first head
  }
  const NodePtr copy = node->clone_with_new_inputs(inputs);
  copy->set_friendly_name(node->get_friendly_name() + "/answer");
  const Value answer = copy->output(value.get_index());
  copies[value] = answer;
  return answer;
}

ov::Tensor evaluate(const Value& value) {
  const NodePtr node = value.get_node_shared_ptr();
  if (const auto constant = std::dynamic_pointer_cast<ov::op::v0::Constant>(node)) {
    return constant->get_tensor_view();
  }
  ov::TensorVector inputs;
  for (const auto& input : node->input_values()) {
    inputs.push_back(evaluate(input));
  }
  ov::TensorVector outputs;
  for (const auto& output : node->outputs()) {
    outputs.emplace_back(output.get_element_type(), output.get_shape());
  }
  if (inputs.empty() || !node->evaluate(outputs, inputs)) {
    fail(ErrorCode::UnsupportedModel, describe(*node),
         ": the head's weights cannot be computed beforehand");
  }
  return outputs[value.get_index()];
}

}  // namespace

Value copy_head(const Value& logits, const Value& feature, const Value& replacement) {
  const NodeSet before = data_ancestors(feature, {});
  Copies copies{{feature, replacement}};
  return copy_behind(logits, before, copies);
}

std::shared_ptr<ov::Model> make_head(const Structure& structure) {
  const auto features =
      std::make_shared<ov::op::v0::Parameter>(ov::element::f32, structure.feature.get_shape());
  const Value logits = copy_head(structure.logits, structure.feature, features->output(0));
  const auto result = std::make_shared<ov::op::v0::Result>(logits);
  return std::make_shared<ov::Model>(ov::ResultVector{result}, ov::ParameterVector{features},
                                     "head");
}

std::vector<float> head_weights(const Structure& structure) {
  const ov::Tensor weights = evaluate(structure.head->input_value(1));
  const auto* data = weights.data<float>();
  std::vector<float> rows(data, data + weights.get_size());
  const auto product = std::dynamic_pointer_cast<ov::op::v0::MatMul>(structure.head);
  if (product == nullptr || product->get_transpose_b()) {
    return rows;
  }
  const std::size_t width = weights.get_shape()[0];
  const std::size_t classes = weights.get_shape()[1];
  std::vector<float> turned(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    turned[(i % classes) * width + i / classes] = rows[i];
  }
  return turned;
}

}  // namespace zoa
