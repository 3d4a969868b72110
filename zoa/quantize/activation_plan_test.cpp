// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/activation_plan.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "zoa/core/rng.h"

namespace zoa {
namespace {

constexpr std::size_t kRows = 400;

// Rows of `channels` values; `value` gets the channel and a normal number.
ValueStatistics make_value(std::size_t channels,
                           const std::function<double(std::size_t, double)>& value) {
  const Rng rng(1, 0);
  ValueStatistics statistics;
  statistics.channels = channels;
  for (std::size_t i = 0; i < kRows * channels; ++i) {
    statistics.rows.push_back(static_cast<float>(value(i % channels, rng.normal(i))));
  }
  statistics.row_count = kRows;
  statistics.histogram.add(statistics.rows);
  return statistics;
}

ActivationReader make_reader(std::size_t rows, std::size_t width, int bits) {
  const Rng rng(2, 0);
  ActivationReader reader;
  reader.shape.rows = rows;
  reader.shape.width = width;
  for (std::size_t i = 0; i < rows * width; ++i) {
    reader.weights.push_back(static_cast<float>(rng.normal(i)));
  }
  reader.rule = grid_rule(bits, false);
  return reader;
}

ActivationRequest linear_request(std::size_t channels, int bits) {
  ActivationRequest request;
  request.bits = bits;
  request.method = RangeMethod::Output;
  request.readers.push_back(make_reader(24, channels, bits));
  return request;
}

// Channels of very different size, some a little off zero.
ValueStatistics uneven_value() {
  return make_value(16, [](std::size_t c, double normal) {
    return (c % 4 == 0 ? 12.0 : 0.3) * normal + (c % 3 == 0 ? 5.0 : 0.0);
  });
}

double gelu(double x) {
  return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
}

float equalized(const ActivationPlan& plan, float value, std::size_t channel) {
  return plan.equalizer.empty()
             ? value
             : (value - plan.equalizer.shift[channel]) / plan.equalizer.scale[channel];
}

// What the activation's rounding costs at the outputs of the readers.
double output_noise(const ActivationPlan& plan, const ActivationRequest& request) {
  double sum = 0;
  for (const ActivationReader& reader : request.readers) {
    for (std::size_t i = 0; i < reader.weights.size(); ++i) {
      const std::size_t c = i % reader.shape.width;
      const float scale = plan.equalizer.empty() ? 1.0F : plan.equalizer.scale[c];
      const auto weight = static_cast<double>(reader.weights[i] * scale);
      sum += weight * weight * static_cast<double>(plan.noise[c]);
    }
  }
  return sum;
}

ActivationRequest activations_only(std::size_t channels, int bits) {
  ActivationRequest request = linear_request(channels, bits);
  request.readers[0].rule = grid_rule(8, false);
  return request;
}

TEST(ActivationPlan, EqualizesChannelsOfDifferentSize) {
  for (const int bits : {4, 6}) {
    ActivationRequest request = activations_only(16, bits);
    const ActivationPlan plain = plan_activation(uneven_value(), request);
    EXPECT_TRUE(plain.equalizer.empty());
    request.equalize = true;
    const ActivationPlan scaled = plan_activation(uneven_value(), request);
    ASSERT_EQ(scaled.equalizer.scale.size(), 16U);
    EXPECT_EQ(scaled.equalizer.shift, std::vector<float>(16, 0.0F));
    EXPECT_GT(scaled.equalizer.scale[4], 2 * scaled.equalizer.scale[1]);
    EXPECT_LT(output_noise(scaled, request), 0.8 * output_noise(plain, request)) << bits;
  }
}

// What rounding the readers' scaled weights costs at their outputs.
double weight_noise(const ValueStatistics& value,
                    const ActivationPlan& plan,
                    const ActivationReader& reader) {
  std::vector<float> importance;
  for (std::size_t c = 0; c < value.channels; ++c) {
    double sum = 0;
    double squares = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto x = static_cast<double>(equalized(plan, value.rows[r * value.channels + c], c));
      sum += x / kRows;
      squares += x * x / kRows;
    }
    importance.push_back(static_cast<float>(squares - sum * sum));
  }
  double cost = 0;
  for (std::size_t row = 0; row < reader.weights.size() / reader.shape.width; ++row) {
    std::vector<float> scaled;
    for (std::size_t c = 0; c < reader.shape.width; ++c) {
      const float scale = plan.equalizer.empty() ? 1.0F : plan.equalizer.scale[c];
      scaled.push_back(reader.weights[row * reader.shape.width + c] * scale);
    }
    cost += grid_error(scaled, importance, find_grid(scaled, importance, reader.rule));
  }
  return cost;
}

// Fine activations and coarse weights; rare large values in some channels. To make the channels'
// extent equal would make the weights unequal, which costs more.
TEST(ActivationPlan, WeighsActivationsAgainstWeights) {
  const ValueStatistics value = make_value(16, [](std::size_t c, double normal) {
    return c % 4 == 0 && std::abs(normal) > 2.3 ? 5 * normal : 0.3 * normal;
  });
  ActivationRequest request = linear_request(16, 2);
  request.readers[0] = make_reader(200, 16, 2);
  request.bits = 8;
  const ActivationPlan plain = plan_activation(value, request);
  request.equalize = true;
  const ActivationPlan plan = plan_activation(value, request);
  const auto cost = [&](const ActivationPlan& of) {
    return output_noise(of, request) + weight_noise(value, of, request.readers[0]);
  };
  EXPECT_LE(cost(plan), 1.02 * cost(plain));  // the search looks at every eighth row
}

TEST(ActivationPlan, MovesChannelsRoundZeroWhereAllowed) {
  const ValueStatistics value = make_value(16, [](std::size_t c, double normal) {
    return (c % 4 == 0 ? 3.0 : 1.0) * normal + (c % 3 == 0 ? 30.0 : 0.0);
  });
  ActivationRequest request = activations_only(16, 4);
  request.equalize = true;
  const ActivationPlan scaled = plan_activation(value, request);
  request.shift = true;
  const ActivationPlan shifted = plan_activation(value, request);
  ASSERT_EQ(shifted.equalizer.scale.size(), 16U);
  EXPECT_NEAR(shifted.equalizer.shift[1], 0.0F, 0.5F);
  EXPECT_NEAR(shifted.equalizer.shift[3], 30.0F, 0.5F);
  EXPECT_LT(output_noise(shifted, request), 0.3 * output_noise(scaled, request));
}

TEST(ActivationPlan, LeavesChannelsAlikeAlone) {
  // The same values in every channel, each in an order of its own.
  const Rng rng(5, 0);
  ValueStatistics value;
  value.channels = 8;
  for (std::size_t i = 0; i < kRows * 8; ++i) {
    value.rows.push_back(static_cast<float>(rng.normal((i / 8 + 37 * (i % 8)) % kRows)));
  }
  value.histogram.add(value.rows);
  ActivationRequest request = linear_request(8, 4);
  request.equalize = true;
  for (const float scale : plan_activation(value, request).equalizer.scale) {
    EXPECT_NEAR(scale, 1.0F, 1e-5F);
  }
}

TEST(ActivationPlan, NeedsTheOutputMethodToEqualize) {
  ActivationRequest request = linear_request(16, 4);
  request.equalize = true;
  request.method = RangeMethod::Mse;
  EXPECT_TRUE(plan_activation(uneven_value(), request).equalizer.empty());
}

TEST(ActivationPlan, ApplyStaysOnTheGrid) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const bool symmetric : {false, true}) {
      ActivationRequest request = linear_request(16, bits);
      request.symmetric = symmetric;
      const ActivationPlan plan = plan_activation(uneven_value(), request);
      EXPECT_EQ(plan.bits, bits);
      const double step = plan.range.scale();
      for (int i = -500; i <= 500; ++i) {
        const double value = 0.12 * i;
        const double code = (plan.apply(value) - plan.range.low) / step;
        EXPECT_NEAR(code, std::round(code), 1e-9);
        EXPECT_TRUE(code > -0.5 && code < (1 << bits) - 0.5) << code;
        if (value > plan.range.low && value < plan.range.high) {
          EXPECT_LE(std::abs(plan.apply(value) - value), 0.5 * step * (1 + 1e-9));
        }
      }
      EXPECT_NEAR(plan.apply(0.0), 0.0, 1e-9 * step);
      EXPECT_EQ(plan.apply(1e6), plan.apply(plan.range.high));
      EXPECT_EQ(plan.apply(-1e6), plan.range.low);
    }
  }
}

void expect_measured(const ValueStatistics& value, const ActivationPlan& plan) {
  ASSERT_EQ(plan.noise.size(), value.channels);
  ASSERT_EQ(plan.drift.size(), value.channels);
  for (std::size_t c = 0; c < value.channels; ++c) {
    double sum = 0;
    double squares = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto x = static_cast<double>(equalized(plan, value.rows[r * value.channels + c], c));
      const double error = plan.apply(x) - x;
      sum += error;
      squares += error * error;
    }
    EXPECT_NEAR(plan.noise[c], squares / kRows, 1e-5 * squares / kRows) << c;
    EXPECT_NEAR(plan.drift[c], sum / kRows, 1e-5 * std::sqrt(squares / kRows)) << c;
  }
}

TEST(ActivationPlan, NoiseAndDriftAreTheMeasuredOnes) {
  ActivationRequest request = linear_request(16, 4);
  expect_measured(uneven_value(), plan_activation(uneven_value(), request));
  request.equalize = true;
  request.shift = true;
  const ActivationPlan plan = plan_activation(uneven_value(), request);
  ASSERT_FALSE(plan.equalizer.empty());
  expect_measured(uneven_value(), plan);
  request.readers.clear();
  EXPECT_TRUE(plan_activation(uneven_value(), request).noise.empty());
}

TEST(ActivationPlan, ChannelsThatNothingReadsDoNotWidenTheRange) {
  const ValueStatistics value =
      make_value(6, [](std::size_t c, double normal) { return (c == 5 ? 30.0 : 1.0) * normal; });
  ActivationRequest request = linear_request(6, 6);
  EXPECT_GT(plan_activation(value, request).range.high, 20.0);
  for (std::size_t i = 5; i < request.readers[0].weights.size(); i += 6) {
    request.readers[0].weights[i] = 0.0F;
  }
  EXPECT_LT(plan_activation(value, request).range.high, 5.0);
}

// Two groups of two channels, kernels of three positions: weight i of a row reads channel
// 2 * group + i / 3.
TEST(ActivationPlan, GroupsAndKernelsReadTheirChannels) {
  for (std::size_t loud = 0; loud < 4; ++loud) {
    const ValueStatistics value = make_value(
        4, [&](std::size_t c, double normal) { return (c == loud ? 30.0 : 1.0) * normal; });
    ActivationRequest request = linear_request(6, 6);
    ActivationReader& reader = request.readers[0];
    reader.shape.kernel = 3;
    reader.shape.groups = 2;
    EXPECT_GT(plan_activation(value, request).range.high, 20.0);
    const std::size_t rows_of_group = reader.weights.size() / 6 / 2;
    for (std::size_t i = 0; i < reader.weights.size(); ++i) {
      const std::size_t channel = 2 * (i / 6 / rows_of_group) + i % 6 / 3;
      reader.weights[i] = channel == loud ? 0.0F : reader.weights[i];
    }
    EXPECT_LT(plan_activation(value, request).range.high, 5.0) << loud;
  }
}

TEST(ActivationPlan, GroupsHaveRangesOfTheirOwn) {
  const ValueStatistics value = make_value(8, [](std::size_t c, double normal) {
    return std::exp2(static_cast<double>(c / 2)) * normal;
  });
  ActivationRequest request;
  request.bits = 4;
  request.symmetric = true;
  request.groups = 4;
  const ActivationPlan plan = plan_activation(value, request);
  ASSERT_EQ(plan.groups.size(), 4U);
  for (std::size_t group = 0; group < 4; ++group) {
    Histogram own;
    for (std::size_t i = 0; i < value.rows.size(); ++i) {
      if (i % 8 / 2 == group) {
        own.add_weighted(value.rows[i], 1.0);
      }
    }
    const QuantizerRange wanted = find_range(own, 4, true, request.method);
    EXPECT_EQ(plan.groups[group].low, wanted.low) << group;
    EXPECT_EQ(plan.groups[group].high, wanted.high) << group;
    EXPECT_EQ(plan.groups[group].levels, 16) << group;
  }
  EXPECT_GT(plan.groups[3].high, 4 * plan.groups[0].high);
  request.groups = 1;
  EXPECT_TRUE(plan_activation(value, request).groups.empty());
}

TEST(ActivationPlan, ProbabilitiesHaveAllOfZeroToOneAtFullWidth) {
  const ValueStatistics value = make_value(
      8, [](std::size_t, double normal) { return 0.4 / (1 + std::exp(6 - 3 * normal)); });
  ActivationRequest request;
  request.probability = true;
  request.twin = true;
  const ActivationPlan full = plan_activation(value, request);
  EXPECT_EQ(full.range.low, 0.0);
  EXPECT_EQ(full.range.high, 1.0);
  EXPECT_EQ(full.range.levels, 256);
  EXPECT_FALSE(full.twin.has_value());
  request.bits = 4;
  const ActivationPlan few = plan_activation(value, request);
  EXPECT_LT(few.range.high, 0.5);
  ASSERT_TRUE(few.twin.has_value());
  EXPECT_FALSE(few.twin->signed_sides);
  EXPECT_EQ(few.apply(0.03), few.twin->apply(0.03));
  request.twin = false;
  EXPECT_FALSE(plan_activation(value, request).twin.has_value());
}

TEST(ActivationPlan, TwinRangesOnlyWhereTheValuesAskForThem) {
  const ValueStatistics after_gelu =
      make_value(8, [](std::size_t, double normal) { return gelu(1.5 * normal - 0.7); });
  ActivationRequest request = linear_request(8, 4);
  EXPECT_FALSE(plan_activation(after_gelu, request).twin.has_value());
  request.twin = true;
  const ActivationPlan plan = plan_activation(after_gelu, request);
  ASSERT_TRUE(plan.twin.has_value());
  EXPECT_TRUE(plan.twin->signed_sides);
  expect_measured(after_gelu, plan);

  request.symmetric = true;
  EXPECT_FALSE(plan_activation(after_gelu, request).twin.has_value());
  request.symmetric = false;
  // The same with values below -0.2: not GELU's.
  const ValueStatistics other =
      make_value(8, [](std::size_t, double normal) { return 2 * gelu(1.5 * normal - 0.7); });
  EXPECT_FALSE(plan_activation(other, request).twin.has_value());
  request.readers.clear();
  EXPECT_FALSE(plan_activation(after_gelu, request).twin.has_value());
}

// Every position of a kernel reads its channel's scale: a kernel of two equal positions costs
// twice what one costs, so that the same equalizer is the best.
TEST(ActivationPlan, KernelPositionsShareTheirChannelsScale) {
  const ValueStatistics value = uneven_value();
  ActivationRequest single = linear_request(value.channels, 4);
  single.equalize = single.shift = true;
  ActivationRequest twofold = single;
  ActivationReader& reader = twofold.readers.front();
  reader.shape.width *= 2;
  reader.shape.kernel = 2;
  reader.weights.clear();
  for (const float weight : single.readers.front().weights) {
    reader.weights.insert(reader.weights.end(), 2, weight);
  }
  const ActivationPlan wanted = plan_activation(value, single);
  ASSERT_FALSE(wanted.equalizer.empty());
  const ActivationPlan found = plan_activation(value, twofold);
  EXPECT_EQ(found.equalizer.scale, wanted.equalizer.scale);
  EXPECT_EQ(found.equalizer.shift, wanted.equalizer.shift);
}

}  // namespace
}  // namespace zoa
