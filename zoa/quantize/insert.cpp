// SPDX-License-Identifier: Apache-2.0
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

Value equalize(const Value& value, const Equalizer& equalizer) {
  std::vector<float> factor;
  std::vector<float> offset;
  for (std::size_t c = 0; c < equalizer.scale.size(); ++c) {
    factor.push_back(1.0F / equalizer.scale[c]);
    offset.push_back(-equalizer.shift[c] / equalizer.scale[c]);
  }
  const ov::Shape shape{factor.size()};
  auto scaled = std::make_shared<ov::op::v1::Multiply>(value, make_constant(shape, factor));
  return std::make_shared<ov::op::v1::Add>(scaled, make_constant(shape, offset))->output(0);
}

// One quantizer with ranges per head (B, heads, 1, 1) or per channel of each head.
Value grouped_quantizer(const ActivationPoint& point, const std::vector<QuantizerRange>& ranges) {
  const std::size_t heads = channels_of(point.value, 1);
  ov::Shape shape{1, heads, 1, 1};
  shape[point.channel_axis] = ranges.size() / heads;
  std::vector<float> low;
  std::vector<float> high;
  for (const QuantizerRange& range : ranges) {
    low.push_back(static_cast<float>(range.low));
    high.push_back(static_cast<float>(range.high));
  }
  const auto from = make_constant(shape, low);
  const auto to = make_constant(shape, high);
  return std::make_shared<ov::op::v0::FakeQuantize>(point.value, from, to, from, to,
                                                    static_cast<std::size_t>(ranges[0].levels))
      ->output(0);
}

Value quantizer_of(const ActivationPoint& point, const Value& input, const ActivationPlan& plan) {
  if (!plan.groups.empty()) {
    return grouped_quantizer(point, plan.groups);
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
    input = equalize(input, plan.equalizer);
    input.get_node()->set_friendly_name(name + "/equalized");
  }
  const Value quantizer = quantizer_of(point, input, plan);
  quantizer.get_node()->set_friendly_name(name + "/quantizer");
  return quantizer;
}

}  // namespace zoa
