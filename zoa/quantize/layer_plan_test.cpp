// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/layer_plan.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "zoa/quantize/test_layer.h"

namespace zoa {
namespace {

using test::kShapes;
using test::Layer;
using test::LayerShape;
using test::output_error;

TEST(LayerPlan, BiasMakesUpForMeanErrors) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    for (const bool equalize : {false, true}) {
      const ActivationPlan activation = layer.plan(4, equalize);
      for (const bool reconstruct : {false, true}) {
        SCOPED_TRACE(std::to_string(shape.groups) + " groups, kernel " +
                     std::to_string(shape.kernel) + (equalize ? ", equalized" : "") +
                     (reconstruct ? ", reconstructed" : ""));
        LayerRequest request = layer.request(3);
        request.reconstruct = reconstruct;
        const auto corrected = plan_layer(request, activation, &layer.moments);
        ASSERT_EQ(corrected.bias.size(), shape.rows);
        ASSERT_EQ(corrected.weights.codes.size(), layer.weights.size());
        ASSERT_EQ(corrected.weights.scales.size(), shape.rows);
        EXPECT_LT(output_error(layer, activation, corrected).worst_mean(), 1e-5);
        request.correct_bias = false;
        const auto plain = plan_layer(request, activation, &layer.moments);
        EXPECT_GT(output_error(layer, activation, plain).worst_mean(), 0.005);
      }
    }
  }
}

TEST(LayerPlan, WithoutCorrectionTheBiasOnlyUndoesTheShift) {
  const Layer layer({});
  ActivationPlan activation = layer.plan(4, false);
  LayerRequest request = layer.request(4);
  request.correct_bias = false;
  for (const float bias : plan_layer(request, activation, &layer.moments).bias) {
    EXPECT_EQ(bias, 0.0F);
  }
  activation.equalizer.scale.assign(8, 2.0F);
  activation.equalizer.shift.assign(8, 0.5F);
  const LayerPlan plan = plan_layer(request, activation, &layer.moments);
  for (std::size_t row = 0; row < 12; ++row) {
    double wanted = 0;
    for (std::size_t c = 0; c < 8; ++c) {
      wanted += 0.5 * static_cast<double>(layer.weights[row * 8 + c]);
    }
    EXPECT_NEAR(plan.bias[row], wanted, 1e-5) << row;
  }
}

// x' = (x - shift) / scale, then scaled weights and a bias: at 8 bits nothing else is lost.
TEST(LayerPlan, UndoesTheEqualizerExactly) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    ActivationPlan activation = layer.exact_plan();
    const std::size_t channels = shape.groups * shape.channels;
    for (std::size_t c = 0; c < channels; ++c) {
      activation.equalizer.scale.push_back(0.5F + 0.3F * static_cast<float>(c % 5));
      activation.equalizer.shift.push_back(2.0F - static_cast<float>(c % 7));
    }
    for (const bool correct : {false, true}) {
      for (const MomentStatistics* moments :
           {&layer.moments, static_cast<const MomentStatistics*>(nullptr)}) {
        LayerRequest request = layer.request(8);
        request.correct_bias = correct;
        const LayerPlan plan = plan_layer(request, activation, moments);
        EXPECT_LT(output_error(layer, activation, plan, false).relative(), 5e-4)
            << shape.groups << " " << shape.kernel << " " << correct;
      }
    }
  }
}

TEST(LayerPlan, EightBitsAreCloseAndErrorsFallWithTheBits) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    double before = INFINITY;
    for (const int bits : {2, 3, 4, 6, 8}) {
      const ActivationPlan activation = layer.plan(8, true);
      const double error = output_error(layer, activation,
                                        plan_layer(layer.request(bits), activation, &layer.moments))
                               .relative();
      EXPECT_LT(error, 0.6 * before) << bits;
      before = error;
    }
    EXPECT_LT(before, 1e-3) << shape.groups << " " << shape.kernel;
  }
}

TEST(LayerPlan, DoesNotDependOnThreads) {
  const Layer layer({2, 140, 3, 4});
  const ActivationPlan activation = layer.plan(4, true);
  LayerRequest request = layer.request(3);
  request.reconstruct = true;
  const LayerPlan one = plan_layer(request, activation, &layer.moments);
  for (const std::size_t threads : {2U, 3U}) {
    request.threads = threads;
    const LayerPlan other = plan_layer(request, activation, &layer.moments);
    EXPECT_EQ(other.weights.codes, one.weights.codes);
    EXPECT_EQ(other.weights.scales, one.weights.scales);
    EXPECT_EQ(other.bias, one.bias);
  }
}

}  // namespace
}  // namespace zoa
