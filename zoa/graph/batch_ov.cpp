// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/batch_ov.h"

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

using ov::op::v0::Parameter;

std::shared_ptr<Parameter> image_input(const ov::Model& model, const std::string& where) {
  if (model.get_parameters().size() != 1) {
    fail(ErrorCode::UnsupportedModel, where, ": ", model.get_parameters().size(),
         " inputs; expected one, the image batch");
  }
  const auto input = model.get_parameters().front();
  const auto& shape = input->get_partial_shape();
  if (shape.rank().is_dynamic() || shape.rank().get_length() != 4) {
    fail(ErrorCode::UnsupportedModel, where, ": input '", input->get_friendly_name(),
         "' has shape ", shape, "; expected (batch, channels, height, width)");
  }
  for (std::size_t axis = 1; axis < 4; ++axis) {
    if (shape[axis].is_dynamic()) {
      fail(ErrorCode::UnsupportedModel, where, ": input shape ", shape,
           " leaves more than the batch open; fix the image size when exporting");
    }
  }
  const auto& type = input->get_element_type();
  if (type != ov::element::f32 && type != ov::element::f16) {
    fail(ErrorCode::UnsupportedModel, where, ": input of type ", type,
         "; expected f32: export without quantized inputs");
  }
  return input;
}

bool is_image_channels(const ov::Dimension& dimension) {
  return dimension == ov::Dimension(1) || dimension == ov::Dimension(3);
}

// TFLite models take (B, H, W, C): zoa feeds (B, C, H, W) and turns it inside.
void use_channels_first(ov::Model& model, const std::shared_ptr<Parameter>& input) {
  const auto shape = input->get_partial_shape();
  input->set_element_type(ov::element::f32);
  if (is_image_channels(shape[1]) || !is_image_channels(shape[3])) {
    return;
  }
  auto turned = std::make_shared<Parameter>(
      ov::element::f32, ov::PartialShape{shape[0], shape[3], shape[1], shape[2]});
  turned->set_friendly_name(input->get_friendly_name());
  turned->output(0).set_names(input->output(0).get_names());
  auto transpose = std::make_shared<ov::op::v1::Transpose>(turned, make_indices({0, 2, 3, 1}));
  input->output(0).replace(transpose->output(0));
  model.replace_parameter(0, turned);
}

NodePtr batch_of(const ov::Output<ov::Node>& image) {
  auto shape = std::make_shared<ov::op::v3::ShapeOf>(image, ov::element::i64);
  return std::make_shared<ov::op::v8::Gather>(shape, make_indices({0}), make_indices({0}));
}

NodePtr with_free_batch(const std::vector<std::int64_t>& target, const NodePtr& batch) {
  const std::vector<std::int64_t> rest(target.begin() + 1, target.end());
  return std::make_shared<ov::op::v0::Concat>(ov::NodeVector{batch, make_indices(rest)}, 0);
}

// A batch size written into the constants of the graph: the first number of a Reshape or Broadcast
// target, or the first axis of a constant (the CLS token) that is concatenated to the data.
void free_literal(const NodePtr& node, std::int64_t literal, const NodePtr& batch) {
  const bool reshape = is_op(*node, "Reshape");
  if (reshape || is_op(*node, "Broadcast")) {
    const auto target =
        std::dynamic_pointer_cast<ov::op::v0::Constant>(node->get_input_node_shared_ptr(1));
    if (target == nullptr) {
      return;
    }
    const auto values = target->cast_vector<std::int64_t>();
    const bool data_has_batch =
        !reshape || (node->get_input_partial_shape(0).rank().is_static() &&
                     node->get_input_partial_shape(0).rank().get_length() > 0 &&
                     node->get_input_partial_shape(0)[0] == ov::Dimension(literal));
    if (values.size() > 1 && values.front() == literal && data_has_batch) {
      node->input(1).replace_source_output(with_free_batch(values, batch)->output(0));
    }
    return;
  }
  const auto concat = std::dynamic_pointer_cast<ov::op::v0::Concat>(node);
  if (concat == nullptr || concat->get_axis() == 0) {
    return;
  }
  for (auto& input : concat->inputs()) {
    const auto token = std::dynamic_pointer_cast<ov::op::v0::Constant>(
        input.get_source_output().get_node_shared_ptr());
    if (token == nullptr || token->get_element_type() != ov::element::f32 ||
        token->get_shape().size() < 2 || token->get_shape()[0] != 1) {
      continue;
    }
    const std::vector<std::int64_t> shape(token->get_shape().begin(), token->get_shape().end());
    input.replace_source_output(
        std::make_shared<ov::op::v3::Broadcast>(token, with_free_batch(shape, batch))->output(0));
  }
}

}  // namespace

void free_batch(const std::shared_ptr<ov::Model>& model, const std::string& where) {
  use_channels_first(*model, image_input(*model, where));
  const auto input = model->get_parameters().front();
  ov::PartialShape shape = input->get_partial_shape();
  if (!is_image_channels(shape[1])) {
    fail(ErrorCode::UnsupportedModel, where, ": input shape ", shape,
         "; expected 1 or 3 channels on axis 1 (or on axis 3)");
  }
  if (shape[0].is_static()) {
    const NodePtr batch = batch_of(input->output(0));
    for (const auto& node : model->get_ordered_ops()) {
      free_literal(node, shape[0].get_length(), batch);
    }
  }
  shape[0] = ov::Dimension::dynamic();
  try {
    model->reshape(shape);
  } catch (const std::exception& error) {
    fail(ErrorCode::UnsupportedModel, where,
         ": the batch size is fixed inside the graph; export with a dynamic batch axis");
  }
  const auto& output = model->output(0).get_partial_shape();
  if (output.rank().is_dynamic() || output.rank().get_length() != 2 || output[0].is_static() ||
      output[1].is_dynamic()) {
    fail(ErrorCode::UnsupportedModel, where, ": the output has shape ", output,
         " when the batch is free; export with a dynamic batch axis");
  }
}

}  // namespace zoa
