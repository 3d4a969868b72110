// SPDX-License-Identifier: Apache-2.0
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/quantize/product_weights_ov.h"

namespace zoa {

namespace {

// A matrix whose second axis is the output: (width, rows).
bool is_turned(const Product& product) {
  return is_op(*product.node, "MatMul") &&
         !static_cast<const ov::op::v0::MatMul&>(*product.node).get_transpose_b();
}

template <class T>
std::vector<T> turned(const std::vector<T>& values, std::size_t rows, std::size_t columns) {
  std::vector<T> result(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      result[c * rows + r] = values[r * columns + c];
    }
  }
  return result;
}

// Shape of one value per output channel that broadcasts against the weights.
ov::Shape scale_shape(const Product& product) {
  const ov::Shape& shape = product.node->get_input_shape(1);
  ov::Shape scales(shape.size(), 1);
  if (is_op(*product.node, "MatMul")) {
    const std::size_t axis = is_turned(product) ? 1 : 0;
    scales[axis] = shape[axis];
    return scales;
  }
  scales[0] = shape[0];
  if (is_op(*product.node, "GroupConvolution")) {
    scales[1] = shape[1];
  }
  return scales;
}

// True for one value, or one per output channel along the channels' axis.
bool is_bias(const ov::Shape& shape, std::size_t rows, bool map) {
  const std::size_t behind = map ? 2 : 0;  // axes after the channels
  return ov::shape_size(shape) == 1 || (ov::shape_size(shape) == rows && shape.size() > behind &&
                                        shape[shape.size() - 1 - behind] == rows);
}

// The Add behind a product that holds its bias, or null.
NodePtr bias_of(const Product& product, std::size_t rows) {
  NodePtr add = only_consumer(product.node->output(0));
  if (add == nullptr || !is_op(*add, "Add")) {
    return nullptr;
  }
  for (const auto& input : add->input_values()) {
    if (constant_values(input) &&
        is_bias(input.get_shape(), rows, product.kind == ProductKind::Convolution)) {
      return add;
    }
  }
  return nullptr;
}

ov::Shape bias_shape(const Product& product, std::size_t rows) {
  return product.kind == ProductKind::Convolution ? ov::Shape{1, rows, 1, 1} : ov::Shape{rows};
}

bool is_followed_by_norm(const Product& product) {
  const NodePtr next = only_consumer(product.node->output(0));
  return next != nullptr && is_op(*next, "BatchNormInference");
}

}  // namespace

WeightShape weight_shape(const Product& product) {
  const ov::Shape& shape = product.node->get_input_shape(1);
  WeightShape result;
  if (is_op(*product.node, "MatMul")) {
    result.rows = shape[is_turned(product) ? 1 : 0];
    result.width = shape[is_turned(product) ? 0 : 1];
    return result;
  }
  const bool grouped = is_op(*product.node, "GroupConvolution");
  result.groups = grouped ? shape[0] : 1;
  result.rows = grouped ? shape[0] * shape[1] : shape[0];
  result.width = ov::shape_size(shape) / result.rows;
  result.kernel = result.width / shape[grouped ? 2 : 1];
  return result;
}

std::vector<float> read_weights(const Product& product) {
  auto weights = constant_values(product.node->input_value(1));
  if (!weights) {
    fail(ErrorCode::UnsupportedModel, describe(*product.node), ": its weights are computed, by ",
         describe(*product.node->get_input_node_ptr(1)), "; export with constant folding");
  }
  if (is_turned(product)) {
    const WeightShape shape = weight_shape(product);
    return turned(*weights, shape.width, shape.rows);
  }
  return std::move(*weights);
}

void write_weights(const Product& product, const QuantizedWeights& weights) {
  const NodePtr old = product.node->get_input_node_shared_ptr(1);
  const WeightShape shape = weight_shape(product);
  const auto codes =
      is_turned(product) ? turned(weights.codes, shape.rows, shape.width) : weights.codes;
  auto constant =
      ov::op::v0::Constant::create(ov::element::i8, product.node->get_input_shape(1), codes);
  constant->set_friendly_name(old->get_friendly_name() + "/i8");
  auto convert = std::make_shared<ov::op::v0::Convert>(constant, ov::element::f32);
  auto scaled = std::make_shared<ov::op::v1::Multiply>(
      convert, make_constant(scale_shape(product), weights.scales));
  scaled->set_friendly_name(product.node->get_friendly_name() + "/weights");
  product.node->input(1).replace_source_output(scaled->output(0));
}

bool has_place_for_bias(const Product& product) {
  return product.kind == ProductKind::Linear || is_followed_by_norm(product) ||
         bias_of(product, weight_shape(product).rows) != nullptr;
}

bool add_to_bias(const Product& product, const std::vector<float>& change) {
  if (!has_place_for_bias(product)) {
    return false;
  }
  const ov::Shape shape = bias_shape(product, change.size());
  if (const NodePtr add = bias_of(product, change.size())) {
    const std::size_t index = constant_values(add->input_value(1)) ? 1 : 0;
    std::vector<float> sum = change;
    if (const auto old = constant_values(add->input_value(index))) {
      for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += (*old)[old->size() == 1 ? 0 : i];
      }
    }
    auto constant = make_constant(shape, sum);
    constant->set_friendly_name(add->get_input_node_ptr(index)->get_friendly_name() + "/corrected");
    add->input(index).replace_source_output(constant->output(0));
    return true;
  }
  const auto readers = product.node->output(0).get_target_inputs();
  auto add = std::make_shared<ov::op::v1::Add>(product.node, make_constant(shape, change));
  add->set_friendly_name(product.node->get_friendly_name() + "/bias");
  for (auto reader : readers) {
    reader.replace_source_output(add->output(0));
  }
  return true;
}

}  // namespace zoa
