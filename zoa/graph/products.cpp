// SPDX-License-Identifier: Apache-2.0
#include <openvino/op/matmul.hpp>

#include "zoa/graph/products_ov.h"

namespace zoa {

namespace {

// A softmax seen through reshapes and transposes.
bool comes_from_softmax(const ov::Output<ov::Node>& value) {
  const ov::Node* node = value.get_node();
  while (is_op(*node, "Reshape") || is_op(*node, "Transpose") || is_op(*node, "Squeeze") ||
         is_op(*node, "Unsqueeze")) {
    node = node->get_input_node_ptr(0);
  }
  return is_op(*node, "Softmax");
}

// Activations of a product of two computed factors: q and k, or probabilities and v.
void add_attention_points(Product& product) {
  const auto& node = static_cast<const ov::op::v0::MatMul&>(*product.node);
  const bool mixes = comes_from_softmax(node.input_value(0));
  for (const std::size_t input : {0U, 1U}) {
    const auto value = node.input_value(input);
    const bool probability = comes_from_softmax(value);
    ActivationPoint point{input, value, !probability, probability};
    if (!probability && value.get_partial_shape().rank() == ov::Rank(4)) {
      const bool turned = input == 0 ? node.get_transpose_a() : node.get_transpose_b();
      const bool channels_last = input == 0 || mixes ? !turned : turned;
      point.channel_axis = channels_last ? 3 : 2;
      point.per_channel = mixes;
    }
    product.activations.push_back(point);
  }
}

Product as_matrix_product(const NodePtr& node, const NodeSet& constants) {
  Product product;
  product.node = node;
  const bool first = constants.count(node->get_input_node_ptr(0)) != 0;
  const bool second = constants.count(node->get_input_node_ptr(1)) != 0;
  product.kind = first || second ? ProductKind::Linear : ProductKind::Attention;
  if (product.kind == ProductKind::Attention) {
    add_attention_points(product);
    return product;
  }
  if (first) {
    product.reason = "its weights are the left factor; the runtime has no int8 kernel for that";
  } else if (node->get_input_partial_shape(1).rank() != ov::Rank(2)) {
    product.reason = "its weights are not a matrix";
  } else if (static_cast<const ov::op::v0::MatMul&>(*node).get_transpose_a()) {
    product.reason = "it transposes its input; channels must be the last axis";
  } else {
    product.activations.push_back({0, node->input_value(0)});
  }
  return product;
}

Product as_convolution(const NodePtr& node, const NodeSet& constants) {
  Product product;
  product.node = node;
  product.kind = ProductKind::Convolution;
  if (constants.count(node->get_input_node_ptr(1)) == 0) {
    product.reason = "its weights are computed from the input";
    return product;
  }
  product.activations.push_back({0, node->input_value(0), true});
  return product;
}

}  // namespace

const char* to_string(ProductKind kind) {
  switch (kind) {
    case ProductKind::Convolution: return "convolution";
    case ProductKind::Linear: return "linear";
    case ProductKind::Attention: return "attention";
  }
  return "product";
}

std::vector<Product> find_products(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  std::vector<Product> products;
  for (const auto& node : model->get_ordered_ops()) {
    if (constants.count(node.get()) != 0) {
      continue;
    }
    if (is_op(*node, "MatMul")) {
      products.push_back(as_matrix_product(node, constants));
    } else if (is_op(*node, "Convolution") || is_op(*node, "GroupConvolution")) {
      products.push_back(as_convolution(node, constants));
    }
  }
  return products;
}

bool reads_quantized(const ov::Output<ov::Node>& value) {
  const ov::Node* node = value.get_node();
  while (is_op(*node, "Convert") || is_op(*node, "Subtract") || is_op(*node, "Multiply") ||
         is_op(*node, "Reshape") || is_op(*node, "Transpose") || is_op(*node, "Squeeze")) {
    node = node->get_input_node_ptr(0);
  }
  return is_op(*node, "FakeQuantize") || is_quantizer_sum(*node);
}

bool is_quantized(const ov::Model& model) {
  for (const auto& node : model.get_ops()) {
    if (is_op(*node, "FakeQuantize")) {
      return true;
    }
    const auto& type =
        node->get_output_size() == 1 ? node->get_output_element_type(0) : ov::element::dynamic;
    if (is_op(*node, "Constant") && type.is_integral_number() && type.bitwidth() <= 8) {
      return true;
    }
  }
  return false;
}

}  // namespace zoa
