// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/weight_quantizer.h"

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(WeightQuantizer, StaysWithinTheLimitAndNearTheWeights) {
  const std::vector<float> weights{0.5F, -1.0F, 0.25F, 100.0F, -50.0F, 3.0F};
  for (const int limit : {127, 63}) {
    const auto result = quantize_weights(weights, {2, 3}, limit);
    ASSERT_EQ(result.scales.size(), 2U);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_LE(std::abs(static_cast<int>(result.values[i])), limit);
      const float scale = result.scales[i / 3];
      EXPECT_NEAR(weights[i], static_cast<float>(result.values[i]) * scale, 3.0F * scale);
    }
  }
}

TEST(WeightQuantizer, ChannelsOnTheLastAxis) {
  // (2 inputs, 2 outputs) of a linear layer: columns are channels.
  const std::vector<float> weights{1.0F, 10.0F, -1.0F, -10.0F};
  const auto result = quantize_weights(weights, {2, 1}, 127);
  EXPECT_NEAR(result.scales[1] / result.scales[0], 10.0F, 1e-3F);
}

TEST(WeightQuantizer, ZeroChannelStaysZero) {
  const auto result = quantize_weights(std::vector<float>(4, 0.0F), {2, 2}, 127);
  for (const auto value : result.values) {
    EXPECT_EQ(value, 0);
  }
}

}  // namespace
}  // namespace zoa
