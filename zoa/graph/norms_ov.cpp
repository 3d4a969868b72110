// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/norms_ov.h"

#include <openvino/op/batch_norm.hpp>

namespace zoa {

namespace {

// The consumer of `value` that applies one constant per channel with this operation, or null.
NodePtr channel_op(const ov::Output<ov::Node>& value, const char* type, std::size_t channels) {
  NodePtr node = only_consumer(value);
  if (node == nullptr || !is_op(*node, type)) {
    return nullptr;
  }
  for (const auto& input : node->input_values()) {
    const auto values = constant_values(input);
    if (values && values->size() == channels) {
      return node;
    }
  }
  return nullptr;
}

std::vector<float> channel_values(const NodePtr& node, std::size_t channels, float neutral) {
  if (node != nullptr) {
    for (const auto& input : node->input_values()) {
      if (auto values = constant_values(input); values && values->size() == channels) {
        return *values;
      }
    }
  }
  return std::vector<float>(channels, neutral);
}

void find_affine(Norm& norm, std::size_t channels) {
  norm.multiply = channel_op(norm.output, "Multiply", channels);
  if (norm.multiply != nullptr) {
    norm.output = norm.multiply->output(0);
  }
  norm.add = channel_op(norm.output, "Add", channels);
  if (norm.add != nullptr) {
    norm.output = norm.add->output(0);
  }
  norm.gamma = channel_values(norm.multiply, channels, 1.0F);
  norm.beta = channel_values(norm.add, channels, 0.0F);
}

bool is_last_axis(const ov::Node& mvn) {
  const auto axis = scalar_value(mvn.input_value(1));
  const auto rank = mvn.get_input_partial_shape(0).rank();
  return axis && rank.is_static() &&
         (*axis == -1.0F || *axis == static_cast<float>(rank.get_length() - 1));
}

std::optional<Norm> as_layer_norm(const NodePtr& node) {
  if (!is_op(*node, "MVN") || node->get_input_size() != 2 || !is_last_axis(*node)) {
    return std::nullopt;
  }
  const std::size_t channels = channels_of(node->output(0), -1);
  const auto rank = node->get_output_partial_shape(0).rank().get_length();
  if (channels == 0 || rank > 3) {
    return std::nullopt;  // rank 4: the norm of q and k inside a head
  }
  Norm norm;
  norm.kind = NormKind::LayerNorm;
  norm.normalize = node;
  norm.input = node->input_value(0);
  norm.output = node->output(0);
  find_affine(norm, channels);
  return norm;
}

// A norm in one node (B, C, H, W) whose inputs 1 and 2 are gamma and beta.
std::optional<Norm> as_single_node(const NodePtr& node, NormKind kind) {
  const auto gamma = constant_values(node->input_value(1));
  const auto beta = constant_values(node->input_value(2));
  if (!gamma || !beta) {
    return std::nullopt;
  }
  Norm norm;
  norm.kind = kind;
  norm.normalize = node;
  norm.input = node->input_value(0);
  norm.output = node->output(0);
  norm.channels_last = false;
  norm.gamma = *gamma;
  norm.beta = *beta;
  return norm;
}

std::optional<Norm> as_batch_norm(const NodePtr& node) {
  if (!is_op(*node, "BatchNormInference")) {
    return std::nullopt;
  }
  return as_single_node(node, NormKind::BatchNorm);
}

// Reshape (B, G, -1) -> MVN [-> Multiply -> Add] -> Reshape (B, C, H, W): how PyTorch exports
// GroupNorm.
std::optional<Norm> as_decomposed_group_norm(const NodePtr& node) {
  if (!is_op(*node, "MVN") || !is_op(*node->get_input_node_ptr(0), "Reshape")) {
    return std::nullopt;
  }
  NodePtr last = node;
  for (const char* type : {"Multiply", "Add"}) {
    const NodePtr next = only_consumer(last->output(0));
    if (next != nullptr && is_op(*next, type)) {
      last = next;
    }
  }
  const NodePtr back = only_consumer(last->output(0));
  const ov::Output<ov::Node> input = node->get_input_node_ptr(0)->input_value(0);
  const std::size_t channels = channels_of(input, 1);
  const std::size_t groups = channels_of(node->input_value(0), 1);
  if (input.get_partial_shape().rank() != ov::Rank(4) ||
      node->get_input_partial_shape(0).rank() != ov::Rank(3) || groups == 0 ||
      channels % groups != 0) {
    return std::nullopt;  // e.g. a LayerNorm over (B, HW, C)
  }
  if (back == nullptr || !is_op(*back, "Reshape") || channels == 0 ||
      back->get_output_partial_shape(0).rank() != ov::Rank(4)) {
    return std::nullopt;
  }
  Norm norm;
  norm.kind = NormKind::GroupNorm;
  norm.normalize = back;
  norm.input = input;
  norm.output = back->output(0);
  norm.channels_last = false;
  find_affine(norm, channels);
  return norm;
}

std::optional<Norm> as_group_norm(const NodePtr& node) {
  if (!is_op(*node, "GroupNormalization")) {
    return as_decomposed_group_norm(node);
  }
  return as_single_node(node, NormKind::GroupNorm);
}

}  // namespace

const char* to_string(NormKind kind) {
  switch (kind) {
    case NormKind::LayerNorm: return "LayerNorm";
    case NormKind::BatchNorm: return "BatchNorm";
    case NormKind::FoldedBatchNorm: return "BatchNorm (folded)";
    case NormKind::GroupNorm: return "GroupNorm";
  }
  return "norm";
}

std::vector<Norm> find_norms(const std::shared_ptr<ov::Model>& model, const NodeSet& constants) {
  std::vector<Norm> norms;
  for (const auto& node : model->get_ordered_ops()) {
    if (constants.count(node.get()) != 0) {
      continue;
    }
    // GroupNorm first: the MVN inside it looks like a LayerNorm.
    for (const auto& match : {as_group_norm, as_layer_norm, as_batch_norm}) {
      if (auto norm = match(node)) {
        norm->graph_name = norm->output.get_node()->get_friendly_name();
        norms.push_back(std::move(*norm));
        break;
      }
    }
  }
  return norms;
}

std::vector<Norm> find_folded_norms(const std::shared_ptr<ov::Model>& model,
                                    const NodeSet& constants) {
  std::vector<Norm> norms;
  for (const auto& node : model->get_ordered_ops()) {
    if (!is_op(*node, "Convolution") && !is_op(*node, "GroupConvolution")) {
      continue;
    }
    const std::size_t channels = channels_of(node->output(0), 1);
    const NodePtr bias = channel_op(node->output(0), "Add", channels);
    if (channels == 0 || bias == nullptr || !data_input(*bias, constants)) {
      continue;
    }
    Norm norm;
    norm.kind = NormKind::FoldedBatchNorm;
    norm.graph_name = bias->get_friendly_name();
    norm.normalize = bias;
    norm.input = bias->output(0);
    norm.output = bias->output(0);
    norm.channels_last = false;
    norms.push_back(norm);
  }
  return norms;
}

}  // namespace zoa
