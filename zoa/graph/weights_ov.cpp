// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/weights_ov.h"

#include <algorithm>

#include <openvino/op/convert.hpp>
#include <openvino/pass/constant_folding.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

bool is_small_integer(const ov::element::Type& type) {
  return type.is_integral_number() && type.bitwidth() <= 8;
}

bool is_integer_constant(const ov::Node& node) {
  return is_op(node, "Constant") && is_small_integer(node.get_output_element_type(0));
}

// Integer values minus the zero point, per element: scalar, per channel or per group of values.
std::vector<int> without_zero_point(const ov::op::v0::Constant& weights,
                                    const std::vector<float>& zero,
                                    const ov::Shape& zero_shape) {
  const std::vector<std::size_t>& shape = weights.get_shape();
  std::vector<std::size_t> aligned(shape.size() - zero_shape.size(), 1);
  aligned.insert(aligned.end(), zero_shape.begin(), zero_shape.end());
  auto values = weights.cast_vector<int>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t rest = i;
    std::size_t index = 0;
    std::size_t stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      index += aligned[axis] == 1 ? 0 : (rest % shape[axis]) * stride;
      rest /= shape[axis];
      stride *= aligned[axis];
    }
    values[i] -= static_cast<int>(zero[index]);
  }
  return values;
}

// Convert(int constant) - zero -> Convert(i8 constant).
bool rewrite(const NodePtr& subtract) {
  const NodePtr convert = subtract->get_input_node_shared_ptr(0);
  if (!is_op(*convert, "Convert") || !is_integer_constant(*convert->get_input_node_ptr(0))) {
    return false;
  }
  const auto zero = constant_values(subtract->input_value(1));
  if (!zero) {
    return false;
  }
  const auto weights =
      std::dynamic_pointer_cast<ov::op::v0::Constant>(convert->get_input_node_shared_ptr(0));
  const ov::Shape zero_shape = subtract->get_input_shape(1);
  // Fewer bits stay packed: their kernels take a zero point.
  if (weights->get_element_type().bitwidth() != 8 ||
      subtract->get_output_shape(0) != weights->get_shape()) {
    return false;
  }
  const auto values = without_zero_point(*weights, *zero, zero_shape);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (values.empty() || *low < -128 || *high > 127) {
    return false;
  }
  const std::vector<std::int8_t> bytes(values.begin(), values.end());
  auto constant = ov::op::v0::Constant::create(ov::element::i8, weights->get_shape(), bytes);
  constant->set_friendly_name(weights->get_friendly_name());
  auto plain =
      std::make_shared<ov::op::v0::Convert>(constant, subtract->get_output_element_type(0));
  plain->set_friendly_name(convert->get_friendly_name());
  subtract->output(0).replace(plain->output(0));
  return true;
}

}  // namespace

void protect_quantized_weights(const std::shared_ptr<ov::Model>& model) {
  for (const auto& node : model->get_ops()) {
    const bool convert = is_op(*node, "Convert") &&
                         is_integer_constant(*node->get_input_node_ptr(0)) &&
                         node->get_output_element_type(0).is_real() &&
                         node->get_output_shape(0).size() >= 2;  // not zero points and gammas
    const bool quantize =
        is_op(*node, "FakeQuantize") && is_op(*node->get_input_node_ptr(0), "Constant");
    if (convert || quantize) {
      ov::pass::disable_constant_folding(node);
    }
  }
}

std::size_t normalize_quantized_weights(const std::shared_ptr<ov::Model>& model) {
  std::size_t count = 0;
  for (const auto& node : model->get_ordered_ops()) {
    if (is_op(*node, "Subtract") && rewrite(node)) {
      ++count;
    }
  }
  protect_quantized_weights(model);
  return count;
}

}  // namespace zoa
