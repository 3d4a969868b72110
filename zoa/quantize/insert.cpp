// SPDX-License-Identifier: Apache-2.0
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/quantize/insert_ov.h"
#include "zoa/quantize/weight_quantizer.h"

namespace zoa {

namespace {

// Axes of the weights that index output channels, as a layout and as the shape of the scales.
struct WeightAxes {
  ChannelLayout layout;
  ov::Shape scale_shape;
};

WeightAxes weight_axes(const ov::Node& node, const ov::Shape& shape) {
  WeightAxes axes;
  axes.scale_shape.assign(shape.size(), 1);
  std::size_t first = 0;
  std::size_t last = 0;  // output channels are axes first..last
  if (is_op(node, "MatMul")) {
    const bool transposed = static_cast<const ov::op::v0::MatMul&>(node).get_transpose_b();
    first = last = transposed ? 0 : 1;
  } else if (is_op(node, "GroupConvolution")) {
    last = 1;
  }
  for (std::size_t axis = first; axis <= last; ++axis) {
    axes.layout.channels *= shape[axis];
    axes.scale_shape[axis] = shape[axis];
  }
  for (std::size_t axis = last + 1; axis < shape.size(); ++axis) {
    axes.layout.inner *= shape[axis];
  }
  return axes;
}

}  // namespace

void insert_weight_quantizer(const Product& product, int limit) {
  const NodePtr old = product.node->get_input_node_shared_ptr(1);
  const auto weights = constant_values(product.node->input_value(1));
  if (!weights) {
    fail(ErrorCode::UnsupportedModel, describe(*product.node), ": its weights are computed, by ",
         describe(*old), "; export with constant folding");
  }
  const ov::Shape shape = product.node->get_input_shape(1);
  const WeightAxes axes = weight_axes(*product.node, shape);
  const QuantizedWeights quantized = quantize_weights(*weights, axes.layout, limit);
  auto constant = ov::op::v0::Constant::create(ov::element::i8, shape, quantized.values);
  constant->set_friendly_name(old->get_friendly_name() + "/i8");
  auto convert = std::make_shared<ov::op::v0::Convert>(constant, ov::element::f32);
  auto scaled = std::make_shared<ov::op::v1::Multiply>(
      convert, make_constant(axes.scale_shape, quantized.scales));
  scaled->set_friendly_name(product.node->get_friendly_name() + "/weights");
  product.node->input(1).replace_source_output(scaled->output(0));
}

ov::Output<ov::Node> make_activation_quantizer(const ov::Output<ov::Node>& value,
                                               const QuantizerRange& range) {
  const auto low = make_constant({}, {static_cast<float>(range.low)});
  const auto high = make_constant({}, {static_cast<float>(range.high)});
  auto quantizer = std::make_shared<ov::op::v0::FakeQuantize>(
      value, low, high, low, high, static_cast<std::size_t>(range.levels));
  quantizer->set_friendly_name(value.get_node()->get_friendly_name() + "/quantizer");
  return quantizer->output(0);
}

}  // namespace zoa
