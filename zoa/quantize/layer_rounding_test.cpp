// SPDX-License-Identifier: Apache-2.0
// Which integers plan_layer chooses.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/quantize/test_layer.h"

namespace zoa {
namespace {

using test::kShapes;
using test::Layer;
using test::LayerShape;
using test::output_error;
using test::OutputError;

TEST(LayerPlan, ReconstructionLowersTheOutputError) {
  double sum = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(3);
    const auto nearest = plan_layer(request, activation, &layer.moments);
    request.reconstruct = true;
    const auto found = plan_layer(request, activation, &layer.moments);
    const double share = output_error(layer, activation, found).relative() /
                         output_error(layer, activation, nearest).relative();
    EXPECT_LT(share, 0.95) << shape.groups << " " << shape.kernel;
    sum += share / 4;
  }
  EXPECT_LT(sum, 0.7);
}

// With a bias to take up the mean, rounding looks at the spread alone; else at all.
TEST(LayerPlan, RoundingKnowsWhetherABiasFollows) {
  double spread = 0;
  double all = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape, 3.0);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(3);
    request.reconstruct = true;
    LayerPlan with_bias = plan_layer(request, activation, &layer.moments);
    request.correct_bias = false;
    const LayerPlan without = plan_layer(request, activation, &layer.moments);
    const OutputError own = output_error(layer, activation, with_bias);
    OutputError other = output_error(layer, activation, without);
    with_bias.bias.assign(shape.rows, 0.0F);
    all += other.relative() / output_error(layer, activation, with_bias).relative() / 4;
    for (std::size_t row = 0; row < shape.rows; ++row) {
      other.square[row] -= other.mean[row] * other.mean[row];
    }
    spread += own.relative() / other.relative() / 4;
  }
  EXPECT_LT(spread, 0.9);
  EXPECT_LT(all, 0.5);
}

TEST(LayerPlan, ReconstructionSeesTheEqualizedMoments) {
  double sum = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    ActivationPlan activation = layer.exact_plan();
    const std::size_t channels = shape.groups * shape.channels;
    activation.equalizer.shift.assign(channels, 0.2F);
    for (std::size_t c = 0; c < channels; ++c) {
      activation.equalizer.scale.push_back(c % 2 == 0 ? 0.4F : 2.5F);
    }
    LayerRequest request = layer.request(3);
    const auto nearest = plan_layer(request, activation, &layer.moments);
    request.reconstruct = true;
    const auto found = plan_layer(request, activation, &layer.moments);
    sum += output_error(layer, activation, found, false).relative() /
           output_error(layer, activation, nearest, false).relative() / 4;
  }
  EXPECT_LT(sum, 0.6);
}

TEST(LayerPlan, NoisyChannelsGetSmallWeights) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    for (std::size_t noisy = 0; noisy < shape.groups * shape.channels; ++noisy) {
      ActivationPlan activation = layer.exact_plan();
      activation.noise[noisy] = 1e3F;
      LayerRequest request = layer.request(6);
      request.reconstruct = true;
      const LayerPlan plan = plan_layer(request, activation, &layer.moments);
      double kept[2] = {0, 0};
      double given[2] = {0, 0};
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        const std::size_t row = i / shape.width();
        const bool own = shape.channel_of(row, i % shape.width()) == noisy;
        kept[own] +=
            std::abs(plan.weights.codes[i]) * static_cast<double>(plan.weights.scales[row]);
        given[own] += static_cast<double>(std::abs(layer.weights[i]));
      }
      EXPECT_LT(kept[1], 0.4 * given[1]) << noisy;
      EXPECT_GT(kept[0], 0.7 * given[0]) << noisy;
    }
  }
}

TEST(LayerPlan, CodesFitTheWidth) {
  const Layer layer({});
  for (int bits = 2; bits <= 8; ++bits) {
    for (const bool reduced : {false, true}) {
      LayerRequest request = layer.request(bits);
      request.reduced_range = reduced;
      request.reconstruct = true;
      const LayerPlan plan = plan_layer(request, layer.plan(8, false), &layer.moments);
      for (std::size_t row = 0; row < 12; ++row) {
        const auto* own = plan.weights.codes.data() + row * 8;
        const auto [low, high] = std::minmax_element(own, own + 8);
        const int step = std::all_of(own, own + 8, [](int code) { return code % 2 != 0; }) ? 2 : 1;
        EXPECT_LT(*high - *low, step * (1 << bits)) << bits;
        EXPECT_LE(std::max(std::abs(*low), std::abs(*high)), bits == 8 && !reduced ? 127 : 63);
      }
    }
  }
}

TEST(LayerPlan, TwoBitsMayUseHalfSteps) {
  const Layer layer({1, 12, 200, 1});
  const ActivationPlan activation = layer.plan(8, false);
  const auto all_odd = [&](int bits) {
    const auto codes = plan_layer(layer.request(bits), activation, nullptr).weights.codes;
    return std::all_of(codes.begin(), codes.end(), [](int code) { return code % 2 != 0; });
  };
  EXPECT_TRUE(all_odd(2));
  EXPECT_FALSE(all_odd(3));
}

TEST(LayerPlan, WithoutMomentsWeightsGoToTheNearestCode) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(4);
    request.reconstruct = true;
    const LayerPlan plan = plan_layer(request, activation, nullptr);
    const std::vector<float> uniform{1.0F};
    for (std::size_t row = 0; row < shape.rows; ++row) {
      const auto own = std::span(layer.weights).subspan(row * shape.width(), shape.width());
      const WeightGrid grid = find_grid(own, uniform, grid_rule(4, false));
      EXPECT_EQ(plan.weights.scales[row], grid.scale);
      EXPECT_EQ(plan.bias[row], 0.0F);
      for (std::size_t c = 0; c < shape.width(); ++c) {
        EXPECT_EQ(plan.weights.codes[row * shape.width() + c], grid.code(own[c]));
      }
    }
  }
}

}  // namespace
}  // namespace zoa
