// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/stream_ov.h"

#include <unordered_map>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
using Order = std::unordered_map<const ov::Node*, std::size_t>;

// Inputs of a node that carry image data (not weights, not shape arithmetic).
std::vector<Value> data_inputs(const ov::Node& node, const NodeSet& constants) {
  std::vector<Value> inputs;
  for (const auto& input : node.input_values()) {
    const auto& type = input.get_element_type();
    const bool data = type.is_real() || type.bitwidth() <= 16;
    if (data && constants.count(input.get_node()) == 0) {
      inputs.push_back(input);
    }
  }
  return inputs;
}

bool is_product(const ov::Node& node, const NodeSet& constants) {
  return (is_op(node, "MatMul") || is_op(node, "Convolution")) &&
         constants.count(node.get_input_node_ptr(1)) != 0;
}

void note_reading(HeadPath& head, const ov::Node& node) {
  if (is_op(node, "Gather") || is_op(node, "Slice") || is_op(node, "StridedSlice") ||
      is_op(node, "VariadicSplit") || is_op(node, "Split")) {
    head.selects_token = true;
  }
  if (is_op(node, "ReduceMean") || is_op(node, "AvgPool") || is_op(node, "AdaptiveAvgPool")) {
    head.averages = true;
  }
}

// Walks from a value towards the image through nodes with one data input and sums of quantizers;
// stops at a node with more.
Value walk_back(Value value, const NodeSet& constants, HeadPath* head) {
  while (true) {
    const auto inputs = data_inputs(*value.get_node(), constants);
    if (inputs.size() != 1 && !is_quantizer_sum(*value.get_node())) {
      return value;
    }
    if (head != nullptr) {
      note_reading(*head, *value.get_node());
    }
    value = inputs.front();
  }
}

// The latest node that both sides depend on: where the block began.
std::optional<Value> common_input(const Value& left,
                                  const Value& right,
                                  const NodeSet& constants,
                                  const Order& order) {
  const NodeSet a = data_ancestors(left, constants);
  const NodeSet b = data_ancestors(right, constants);
  const ov::Node* latest = nullptr;
  for (const ov::Node* node : a) {
    if (b.count(node) != 0 && !is_op(*node, "Parameter") &&
        (latest == nullptr || order.at(node) > order.at(latest))) {
      latest = node;
    }
  }
  if (latest == nullptr) {
    return std::nullopt;
  }
  return const_cast<ov::Node*>(latest)->output(0);
}

NodeSet branch(const Value& end, const Value& begin, const NodeSet& constants) {
  NodeSet nodes = data_ancestors(end, constants);
  for (const ov::Node* node : data_ancestors(begin, constants)) {
    nodes.erase(node);
  }
  return nodes;
}

std::size_t count_products(const NodeSet& nodes) {
  std::size_t count = 0;
  for (const ov::Node* node : nodes) {
    count +=
        is_op(*node, "MatMul") || is_op(*node, "Convolution") || is_op(*node, "GroupConvolution")
            ? 1U
            : 0U;
  }
  return count;
}

bool has_softmax(const NodeSet& nodes) {
  for (const ov::Node* node : nodes) {
    if (is_op(*node, "Softmax") || is_op(*node, "ScaledDotProductAttention")) {
      return true;
    }
  }
  return false;
}

}  // namespace

Value skip_quantizer(Value value, const NodeSet& constants) {
  Value walk = value;
  while (true) {
    const ov::Node& node = *walk.get_node();
    if (is_op(node, "FakeQuantize") || is_quantizer_sum(node)) {
      value = node.input_value(0);
      walk = value;
    } else if (is_op(node, "Convert") ||
               ((is_op(node, "Subtract") || is_op(node, "Multiply")) &&
                scalar_value(node.input_value(1)) && constants.count(node.get_input_node_ptr(1)))) {
      walk = node.input_value(0);
    } else {
      return value;
    }
  }
}

HeadPath find_head(const Value& logits, const NodeSet& constants, const std::string& where) {
  Value value = logits;
  HeadPath head;
  while (true) {
    const NodePtr node = value.get_node_shared_ptr();
    if (is_product(*node, constants)) {
      head.product = node;
      break;
    }
    const auto inputs = data_inputs(*node, constants);
    if (inputs.size() != 1) {
      fail(ErrorCode::UnsupportedModel, where, ": the logits come from ", describe(*node),
           "; expected one linear layer with constant weights as the head");
    }
    value = inputs.front();
  }
  head.feature = skip_quantizer(head.product->input_value(0), constants);
  const auto& shape = head.feature.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.rank().get_length() != 2 || shape[1].is_dynamic()) {
    fail(ErrorCode::UnsupportedModel, where, ": the head ", describe(*head.product),
         " reads a tensor of shape ", shape, "; expected (batch, features)");
  }
  return head;
}

std::vector<Residual> find_residuals(HeadPath& head,
                                     const std::shared_ptr<ov::Model>& model,
                                     const NodeSet& constants) {
  Order order;
  for (const auto& node : model->get_ordered_ops()) {
    order.emplace(node.get(), order.size());
  }
  std::vector<Residual> residuals;
  Value value = walk_back(head.feature, constants, &head);
  while (is_op(*value.get_node(), "Add")) {
    const NodePtr add = value.get_node_shared_ptr();
    const auto input = common_input(add->input_value(0), add->input_value(1), constants, order);
    if (!input) {
      break;
    }
    Residual residual;
    residual.add = add;
    residual.input = *input;
    residual.main = branch(add->input_value(0), *input, constants);
    residual.shortcut = branch(add->input_value(1), *input, constants);
    if (count_products(residual.main) < count_products(residual.shortcut)) {
      residual.main.swap(residual.shortcut);
    }
    residual.attention = has_softmax(residual.main);
    residuals.insert(residuals.begin(), residual);
    value = walk_back(*input, constants, nullptr);
  }
  return residuals;
}

}  // namespace zoa
