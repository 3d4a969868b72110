// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/token_mean_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

// Mean over tokens of (1, tokens, channels), one factor per channel, 256 levels of 1/128.
std::shared_ptr<ov::Model> smoothed_mean(std::size_t tokens, std::size_t channels) {
  const auto input =
      toy::parameter({1, static_cast<std::int64_t>(tokens), static_cast<std::int64_t>(channels)});
  const auto mean = std::make_shared<op::v1::ReduceMean>(input, make_indices({1}), false);
  std::vector<float> factors(channels);
  for (std::size_t i = 0; i < channels; ++i) {
    factors[i] = 0.5F + 0.1F * static_cast<float>(i);
  }
  const auto scaled =
      std::make_shared<op::v1::Multiply>(mean, make_constant({1, channels}, factors));
  const auto low = make_constant({}, {-1.0F});
  const auto high = make_constant({}, {127.0F / 128.0F});
  const auto quantized = std::make_shared<op::v0::FakeQuantize>(scaled, low, high, low, high, 256);
  return toy::model(quantized->output(0), {input});
}

// The mean of toy::run's input, computed here.
std::vector<float> expected(std::size_t tokens, std::size_t channels) {
  std::vector<float> result(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      const auto i = static_cast<double>(t * channels + c);
      sum += static_cast<double>(static_cast<float>(std::sin(1.7 * (i * i + 1))));
    }
    const double value = sum / static_cast<double>(tokens) * (0.5 + 0.1 * static_cast<double>(c));
    result[c] = static_cast<float>(std::clamp(std::round(value * 128), -128.0, 127.0) / 128);
  }
  return result;
}

TEST(SeparateTokenMeans, TheRuntimeThenComputesMeanFactorAndQuantizerRight) {
  for (const auto& [tokens, channels] : {std::pair{16U, 16U}, {17U, 8U}, {37U, 64U}}) {
    const auto model = smoothed_mean(tokens, channels);
    EXPECT_EQ(separate_token_means(model), 1U);
    EXPECT_LE(toy::difference(toy::run(model), expected(tokens, channels)), 1.01F / 128);
  }
}

TEST(SeparateTokenMeans, LeavesWhatKeepsItsAxis) {
  const auto input = toy::parameter({1, 4, 8});
  const auto mean = std::make_shared<op::v1::ReduceMean>(input, make_indices({1}), true);
  EXPECT_EQ(separate_token_means(toy::model(mean->output(0), {input})), 0U);
}

}  // namespace
}  // namespace zoa
