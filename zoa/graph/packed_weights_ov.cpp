// SPDX-License-Identifier: Apache-2.0
// Types that the runtime unpacks in every kernel for weights, measured on AVX2 for linear layers
// and convolutions: u4 and u2, with zero points that need not be integral.
#include "zoa/graph/packed_weights_ov.h"

#include <algorithm>

#include <openvino/op/ops.hpp>

#include "zoa/graph/products_ov.h"
#include "zoa/graph/weights_ov.h"

namespace zoa {

namespace {

namespace op = ov::op;

// Weights as quantization leaves them.
struct Weights {
  NodePtr multiply;
  std::shared_ptr<op::v0::Constant> values;  ///< i8
  std::shared_ptr<op::v0::Constant> scales;  ///< f32
  ChannelMap channel_of;                     ///< for the shape of the scales
};

std::optional<Weights> find_weights(const NodePtr& multiply) {
  if (!is_op(*multiply, "Multiply")) {
    return std::nullopt;
  }
  const NodePtr convert = multiply->get_input_node_shared_ptr(0);
  if (!is_op(*convert, "Convert") || convert->get_output_element_type(0) != ov::element::f32) {
    return std::nullopt;
  }
  Weights weights{
      multiply,
      std::dynamic_pointer_cast<op::v0::Constant>(convert->get_input_node_shared_ptr(0)),
      std::dynamic_pointer_cast<op::v0::Constant>(multiply->get_input_node_shared_ptr(1)),
      {}};
  if (weights.values == nullptr || weights.scales == nullptr ||
      weights.values->get_element_type() != ov::element::i8) {
    return std::nullopt;
  }
  const auto map = channel_map(weights.values->get_shape(), weights.scales->get_shape());
  if (!map) {
    return std::nullopt;
  }
  weights.channel_of = *map;
  return weights;
}

// value = least of its channel + step * code
struct Codes {
  int step = 1;
  int most = 0;  ///< largest code
  std::vector<int> least;
  std::vector<std::uint8_t> codes;
};

Codes encode(const std::vector<std::int8_t>& values, const ChannelMap& channel_of) {
  Codes result;
  const bool odd = std::all_of(values.begin(), values.end(), [](int v) { return v % 2 != 0; });
  result.step = odd ? 2 : 1;
  result.least.assign(channel_of.channels, 127);
  for (std::size_t i = 0; i < values.size(); ++i) {
    int& least = result.least[channel_of(i)];
    least = std::min(least, static_cast<int>(values[i]));
  }
  result.codes.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int code = (values[i] - result.least[channel_of(i)]) / result.step;
    result.most = std::max(result.most, code);
    result.codes[i] = static_cast<std::uint8_t>(code);
  }
  return result;
}

bool pack(const Weights& weights) {
  constexpr int kMostOf4Bits = 15;
  constexpr int kMostOf2Bits = 3;
  const Codes packed = encode(weights.values->cast_vector<std::int8_t>(), weights.channel_of);
  if (packed.most > kMostOf4Bits) {
    return false;
  }
  const ov::element::Type type = packed.most > kMostOf2Bits ? ov::element::u4 : ov::element::u2;
  const auto step = static_cast<float>(packed.step);
  std::vector<float> zero;
  for (const int least : packed.least) {
    zero.push_back(-static_cast<float>(least) / step);
  }
  auto scales = weights.scales->cast_vector<float>();
  for (float& scale : scales) {
    scale *= step;
  }
  const ov::Shape shape = weights.scales->get_shape();
  auto codes = op::v0::Constant::create(type, weights.values->get_shape(), packed.codes);
  codes->set_friendly_name(weights.values->get_friendly_name());
  auto convert = std::make_shared<op::v0::Convert>(codes, ov::element::f32);
  auto centred = std::make_shared<op::v1::Subtract>(convert, make_constant(shape, zero));
  auto scaled = std::make_shared<op::v1::Multiply>(centred, make_constant(shape, scales));
  scaled->set_friendly_name(weights.multiply->get_friendly_name());
  weights.multiply->output(0).replace(scaled->output(0));
  return true;
}

}  // namespace

std::size_t pack_weights(const std::shared_ptr<ov::Model>& model) {
  std::size_t count = 0;
  for (const Product& product : find_products(model)) {
    const NodePtr second = product.node->get_input_node_shared_ptr(1);
    const auto weights = find_weights(second);
    count += weights && pack(*weights) ? 1U : 0U;  // a second reader finds them packed
  }
  return count;
}

}  // namespace zoa
