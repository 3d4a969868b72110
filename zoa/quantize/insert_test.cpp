// SPDX-License-Identifier: Apache-2.0
// The quantizers in the graph do what the plans say.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/quantize/insert_ov.h"

namespace zoa {
namespace {

using Floats = std::vector<float>;

// The input, spread to about -3 .. 3, and what comes behind the quantizer.
struct Outputs {
  Floats before;
  Floats after;
};

Outputs run_quantizer(const ov::Shape& shape,
                      std::size_t channel_axis,
                      const ActivationPlan& plan) {
  const auto run = [&](bool quantize) {
    const auto input = toy::parameter(ov::PartialShape(shape));
    const auto value = std::make_shared<ov::op::v1::Multiply>(input, make_constant({}, {3.0F}));
    ActivationPoint point;
    point.value = value->output(0);
    point.channel_axis = channel_axis;
    const auto output = quantize ? make_activation_quantizer(point, plan) : point.value;
    return toy::run(toy::model(output, {input}));
  };
  return {run(false), run(true)};
}

// Kernels compute in floats: now and then a value at a tie goes the other way, by `step`.
void expect_plan(const Outputs& outputs, const std::vector<double>& wanted, double step) {
  ASSERT_EQ(outputs.after.size(), wanted.size());
  std::size_t ties = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double off = std::abs(static_cast<double>(outputs.after[i]) - wanted[i]);
    EXPECT_LE(off, step * 1.001) << i << " of " << outputs.before[i];
    ties += off > 1e-5 ? 1U : 0U;
  }
  EXPECT_LE(ties, wanted.size() / 100);
}

std::vector<double> applied(const Outputs& outputs, const ActivationPlan& plan) {
  std::vector<double> wanted;
  for (const float value : outputs.before) {
    wanted.push_back(plan.apply(static_cast<double>(value)));
  }
  return wanted;
}

TEST(ActivationQuantizer, RoundsToTheRange) {
  for (const QuantizerRange& range :
       {QuantizerRange{-1.2, 2.4, 4}, QuantizerRange{0, 2, 16}, QuantizerRange{-2.56, 2.54, 256}}) {
    ActivationPlan plan;
    plan.range = range;
    const Outputs outputs = run_quantizer({1, 40, 6}, 0, plan);
    expect_plan(outputs, applied(outputs, plan), range.scale());
  }
}

TEST(ActivationQuantizer, RoundsToTwinRanges) {
  for (const TwinRange& range :
       {TwinRange{0.02, 7, 8, 8, false}, TwinRange{0.02, 7, 16, 8, true}}) {
    ActivationPlan plan;
    plan.twin = range;
    const Outputs outputs = run_quantizer({1, 40, 6}, 0, plan);
    expect_plan(outputs, applied(outputs, plan), range.fine * range.factor);
  }
}

TEST(ActivationQuantizer, EqualizesFirst) {
  ActivationPlan plan;
  plan.range = {-1.5, 1.5, 16};
  plan.equalizer.scale = {0.5F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F};
  plan.equalizer.shift = {0.0F, 1.0F, -1.0F, 0.5F, -2.0F, 2.0F};
  const Outputs outputs = run_quantizer({1, 40, 6}, 0, plan);
  std::vector<double> wanted;
  for (std::size_t i = 0; i < outputs.before.size(); ++i) {
    wanted.push_back(plan.apply(static_cast<double>(
        (outputs.before[i] - plan.equalizer.shift[i % 6]) / plan.equalizer.scale[i % 6])));
  }
  expect_plan(outputs, wanted, plan.range.scale());
}

// (B, 3 heads, 5 tokens, 4 channels), or channels before tokens: a range per head, or per channel
// of each head.
TEST(ActivationQuantizer, GroupsHaveRangesOfTheirOwn) {
  for (const std::size_t axis : {2U, 3U}) {
    for (const std::size_t each : {1U, 4U}) {
      ActivationPlan plan;
      for (std::size_t g = 0; g < 3 * each; ++g) {
        const double step = 0.05 * static_cast<double>(g + 1);
        plan.groups.push_back({-8 * step, 7 * step, 16});
      }
      const ov::Shape shape = axis == 3 ? ov::Shape{1, 3, 5, 4} : ov::Shape{1, 3, 4, 5};
      const Outputs outputs = run_quantizer(shape, axis, plan);
      std::vector<double> wanted;
      for (std::size_t i = 0; i < outputs.before.size(); ++i) {
        const std::size_t channel = axis == 3 ? i % 4 : i / 5 % 4;
        ActivationPlan own;
        own.range = plan.groups[i / 20 * each + (each == 1 ? 0 : channel)];
        wanted.push_back(own.apply(static_cast<double>(outputs.before[i])));
      }
      expect_plan(outputs, wanted, 0.05 * 3 * static_cast<double>(each));
    }
  }
}

}  // namespace
}  // namespace zoa
