// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/weights_ov.h"

#include <cmath>

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

// A Convert of integer weights; zero points and gammas have one axis.
bool is_quantized_weights(const ov::Node& convert) {
  return is_integer_constant(*convert.get_input_node_ptr(0)) &&
         convert.get_output_element_type(0).is_real() && convert.get_output_shape(0).size() >= 2;
}

// Zero points times `factor` as integers; nothing where one is not integral then.
std::optional<std::vector<int>> scaled_integers(const std::vector<float>& zero, int factor) {
  constexpr float kMost = 1024;  // far outside what 8 bits can hold
  std::vector<int> result;
  for (const float value : zero) {
    const float scaled = value * static_cast<float>(factor);
    if (!(std::abs(scaled) <= kMost) || scaled != std::nearbyint(scaled)) {
      return std::nullopt;
    }
    result.push_back(static_cast<int>(scaled));
  }
  return result;
}

// factor * values - zero as bytes; nothing where one does not fit.
std::optional<std::vector<std::int8_t>> centred_values(const ov::op::v0::Constant& weights,
                                                       const std::vector<int>& zero,
                                                       const ChannelMap& channel_of,
                                                       int factor) {
  const auto values = weights.cast_vector<int>();
  std::vector<std::int8_t> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int value = factor * values[i] - zero[channel_of(i)];
    if (value < -128 || value > 127) {
      return std::nullopt;
    }
    result[i] = static_cast<std::int8_t>(value);
  }
  return result;
}

// The only reader, if it multiplies by an f32 constant: where a factor of the weights can go.
NodePtr scale_after(const NodePtr& node) {
  const NodePtr next = only_consumer(node->output(0));
  const bool scale = next != nullptr && is_op(*next, "Multiply") &&
                     next->get_input_node_shared_ptr(0) == node &&
                     is_op(*next->get_input_node_ptr(1), "Constant") &&
                     next->get_input_element_type(1) == ov::element::f32;
  return scale ? next : nullptr;
}

void divide_scale(const NodePtr& multiply, int factor) {
  auto scales = *constant_values(multiply->input_value(1));
  for (float& scale : scales) {
    scale /= static_cast<float>(factor);  // a power of two: exact
  }
  multiply->input(1).replace_source_output(
      make_constant(multiply->get_input_shape(1), scales)->output(0));
}

// Convert of the bytes, named like `convert`, in the place of `old`.
void put_bytes(const NodePtr& convert, const std::vector<std::int8_t>& bytes, const NodePtr& old) {
  const NodePtr weights = convert->get_input_node_shared_ptr(0);
  auto constant =
      ov::op::v0::Constant::create(ov::element::i8, weights->get_output_shape(0), bytes);
  constant->set_friendly_name(weights->get_friendly_name());
  auto plain = std::make_shared<ov::op::v0::Convert>(constant, old->get_output_element_type(0));
  plain->set_friendly_name(convert->get_friendly_name());
  old->output(0).replace(plain->output(0));
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
  const auto map = channel_map(weights->get_shape(), subtract->get_input_shape(1));
  if (!map) {
    return false;
  }
  const NodePtr scale = scale_after(subtract);
  int factor = 1;
  auto integers = scaled_integers(*zero, factor);
  if (!integers && scale != nullptr) {
    factor = 2;
    integers = scaled_integers(*zero, factor);
  }
  const auto bytes = integers ? centred_values(*weights, *integers, *map, factor) : std::nullopt;
  if (!bytes) {
    return false;
  }
  if (factor != 1) {
    divide_scale(scale, factor);
  }
  put_bytes(convert, *bytes, subtract);
  return true;
}

// Convert(constant of fewer than 8 bits) without a zero point -> Convert(i8 constant).
bool widen(const NodePtr& convert) {
  const ov::Node& weights = *convert->get_input_node_ptr(0);
  if (!is_integer_constant(weights) || weights.get_output_element_type(0).bitwidth() >= 8 ||
      !is_quantized_weights(*convert) || scale_after(convert) == nullptr) {
    return false;
  }
  const auto& constant = static_cast<const ov::op::v0::Constant&>(weights);
  const auto bytes = centred_values(constant, {0}, ChannelMap{}, 1);
  put_bytes(convert, *bytes, convert);
  return true;
}

}  // namespace

std::optional<ChannelMap> channel_map(const ov::Shape& weights, const ov::Shape& per_channel) {
  ChannelMap map;
  if (per_channel.size() > weights.size()) {
    return std::nullopt;
  }
  const std::size_t missing = weights.size() - per_channel.size();
  bool ended = false;
  for (std::size_t axis = 0; axis < weights.size(); ++axis) {
    const std::size_t count = axis < missing ? 1 : per_channel[axis - missing];
    if (count == 1) {
      ended = ended || map.channels > 1;
      map.inner *= weights[axis];
    } else if (ended || count != weights[axis]) {
      return std::nullopt;
    } else {
      map.channels *= count;
      map.inner = 1;
    }
  }
  return map;
}

void protect_quantized_weights(const std::shared_ptr<ov::Model>& model) {
  for (const auto& node : model->get_ops()) {
    const bool convert = is_op(*node, "Convert") && is_quantized_weights(*node);
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
    if ((is_op(*node, "Subtract") && rewrite(node)) || (is_op(*node, "Convert") && widen(node))) {
      ++count;
    }
  }
  protect_quantized_weights(model);
  return count;
}

}  // namespace zoa
