// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <openvino/op/ops.hpp>

#include "zoa/quantize/insert_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// A FakeQuantize from [low, high] to [out_low, out_high] in `steps` steps.
Value staircase(const Value& value, double low, double high, double start, int steps) {
  const auto constant = [](double number) {
    return make_constant({}, {static_cast<float>(number)})->output(0);
  };
  return std::make_shared<ov::op::v0::FakeQuantize>(value, constant(low), constant(high),
                                                    constant(start), constant(start + (high - low)),
                                                    static_cast<std::size_t>(steps) + 1)
      ->output(0);
}

Value twin_quantizer(const Value& value, const TwinRange& range) {
  const double fine_end = range.fine * range.fine_steps;
  const double coarse_length = range.fine * range.factor * range.coarse_steps;
  Value fine;
  Value coarse;
  if (range.signed_sides) {
    fine = staircase(value, -fine_end, 0, -fine_end, range.fine_steps);
    coarse = staircase(value, 0, coarse_length, 0, range.coarse_steps);
  } else {
    fine = staircase(value, 0, fine_end, 0, range.fine_steps);
    coarse = staircase(value, fine_end, fine_end + coarse_length, 0, range.coarse_steps);
  }
  fine.get_node()->set_friendly_name(value.get_node()->get_friendly_name() + "/quantizer_fine");
  coarse.get_node()->set_friendly_name(value.get_node()->get_friendly_name() + "/quantizer_coarse");
  return std::make_shared<ov::op::v1::Add>(fine, coarse)->output(0);
}

// One value per channel: of the last axis, or of each head (B, heads, .., ..).
ov::Shape channel_shape(const ActivationPoint& point, std::size_t channels) {
  if (point.channel_axis == 0) {
    return {channels};
  }
  ov::Shape shape{1, channels_of(point.value, 1), 1, 1};
  shape[point.channel_axis] = channels / shape[1];
  return shape;
}

bool is_all(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == value; });
}

Value equalize(const ActivationPoint& point, const Equalizer& equalizer) {
  std::vector<float> factor;
  std::vector<float> offset;
  for (std::size_t c = 0; c < equalizer.scale.size(); ++c) {
    factor.push_back(1.0F / equalizer.scale[c]);
    offset.push_back(-equalizer.shift[c] / equalizer.scale[c]);
  }
  const ov::Shape shape = channel_shape(point, factor.size());
  Value value = point.value;
  if (!is_all(factor, 1.0F)) {
    value = std::make_shared<ov::op::v1::Multiply>(value, make_constant(shape, factor))->output(0);
  }
  if (!is_all(offset, 0.0F)) {
    value = std::make_shared<ov::op::v1::Add>(value, make_constant(shape, offset))->output(0);
  }
  return value;
}

// One quantizer with ranges per head (B, heads, 1, 1) or per channel of each head.
Value grouped_quantizer(const ActivationPoint& point,
                        const Value& input,
                        const std::vector<QuantizerRange>& ranges) {
  const ov::Shape shape = channel_shape(point, ranges.size());
  std::vector<float> low;
  std::vector<float> high;
  for (const QuantizerRange& range : ranges) {
    low.push_back(static_cast<float>(range.low));
    high.push_back(static_cast<float>(range.high));
  }
  const auto from = make_constant(shape, low);
  const auto to = make_constant(shape, high);
  return std::make_shared<ov::op::v0::FakeQuantize>(input, from, to, from, to,
                                                    static_cast<std::size_t>(ranges[0].levels))
      ->output(0);
}

Value quantizer_of(const ActivationPoint& point, const Value& input, const ActivationPlan& plan) {
  if (!plan.groups.empty()) {
    return grouped_quantizer(point, input, plan.groups);
  }
  if (plan.twin) {
    return twin_quantizer(input, *plan.twin);
  }
  return staircase(input, plan.range.low, plan.range.high, plan.range.low, plan.range.levels - 1);
}

}  // namespace

Value make_activation_quantizer(const ActivationPoint& point, const ActivationPlan& plan) {
  const std::string& name = point.value.get_node()->get_friendly_name();
  Value input = point.value;
  if (!plan.equalizer.empty()) {
    input = equalize(point, plan.equalizer);
    if (input != point.value) {
      input.get_node()->set_friendly_name(name + "/equalized");
    }
  }
  const Value quantizer = quantizer_of(point, input, plan);
  quantizer.get_node()->set_friendly_name(name + "/quantizer");
  return quantizer;
}

void add_shift_back(const Product& product, const ActivationPlan& plan) {
  const ActivationPoint& point = product.activations.back();
  if (plan.equalizer.empty() || !point.per_channel) {
    return;
  }
  const std::size_t heads = channels_of(point.value, 1);
  const ov::Shape shape{1, heads, 1, plan.equalizer.shift.size() / heads};
  const auto readers = product.node->output(0).get_target_inputs();
  auto add =
      std::make_shared<ov::op::v1::Add>(product.node, make_constant(shape, plan.equalizer.shift));
  add->set_friendly_name(product.node->get_friendly_name() + "/shift");
  for (auto reader : readers) {
    reader.replace_source_output(add->output(0));
  }
}

}  // namespace zoa
