// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/twin.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/rng.h"

namespace zoa {
namespace {

// Every value that the quantizer can give.
std::vector<double> values_of(const TwinRange& range) {
  std::vector<double> values;
  for (int k = 0; k <= range.fine_steps; ++k) {
    values.push_back(range.signed_sides ? -k * range.fine : k * range.fine);
  }
  const double start = range.signed_sides ? 0 : range.fine_steps * range.fine;
  for (int k = 1; k <= range.coarse_steps; ++k) {
    values.push_back(start + k * range.factor * range.fine);
  }
  return values;
}

double nearest(const std::vector<double>& values, double wanted) {
  return *std::min_element(values.begin(), values.end(), [&](double a, double b) {
    return std::abs(a - wanted) < std::abs(b - wanted);
  });
}

// Softmax over rows of 50 normal scores.
Histogram softmax_values(double spread) {
  const Rng rng(1, 0);
  std::vector<float> values;
  for (std::size_t row = 0; row < 200; ++row) {
    double sum = 0;
    std::vector<double> exponents;
    for (std::size_t i = 0; i < 50; ++i) {
      exponents.push_back(std::exp(spread * rng.normal(row * 50 + i)));
      sum += exponents.back();
    }
    for (const double e : exponents) {
      values.push_back(static_cast<float>(e / sum));
    }
  }
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

Histogram gelu_values() {
  const Rng rng(2, 0);
  std::vector<float> values;
  for (std::size_t i = 0; i < 10000; ++i) {
    const double x = 1.5 * rng.normal(i) - 0.7;
    values.push_back(static_cast<float>(x * 0.5 * std::erfc(-x / std::sqrt(2.0))));
  }
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

Histogram even_values(double low, double high) {
  const Rng rng(3, 0);
  std::vector<float> values;
  for (std::size_t i = 0; i < 10000; ++i) {
    values.push_back(static_cast<float>(low + (high - low) * rng.uniform(i)));
  }
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

double uniform_error(const Histogram& histogram, int bits) {
  return squared_error(histogram, find_range(histogram, bits, false, RangeMethod::Mse));
}

TEST(TwinRange, RoundsToTheNearestOfItsValues) {
  const TwinRange ranges[] = {{0.01, 7, 8, 8, false}, {0.02, 3, 16, 12, false},
                              {0.01, 7, 8, 8, true},  {0.005, 30, 2, 33, true},
                              {0.1, 1, 2, 2, false},  {0.1, 1, 64, 2, true}};
  for (const TwinRange& range : ranges) {
    const std::vector<double> values = values_of(range);
    for (int i = -1000; i <= 3000; ++i) {
      const double x = 0.00137 * i + 1e-5;
      EXPECT_NEAR(range.apply(x), nearest(values, x), 1e-12) << x << " factor " << range.factor;
    }
  }
}

TEST(TwinRange, SquaredErrorIsTheSumOverTheBins) {
  const Histogram histogram = gelu_values();
  const TwinRange range{0.012, 14, 16, 15, true};
  const std::vector<double> values = values_of(range);
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins(); ++bin) {
    const double off = nearest(values, histogram.centre(bin)) - histogram.centre(bin);
    sum += histogram.weight(bin) * off * off;
  }
  EXPECT_NEAR(squared_error(histogram, range), sum, 1e-9 * sum);
}

TEST(FindTwinRange, CodesFitTheBitsAndTheByte) {
  std::vector<std::pair<Histogram, bool>> samples;
  for (const double spread : {0.5, 1.5, 3.0, 6.0}) {
    samples.emplace_back(softmax_values(spread), false);
  }
  samples.emplace_back(gelu_values(), true);
  std::size_t found = 0;
  for (const auto& [histogram, sides] : samples) {
    for (int bits = 2; bits <= 8; ++bits) {
      // Whatever beats the error of rounding everything to zero.
      const auto range = find_twin_range(histogram, bits, sides, INFINITY);
      ASSERT_TRUE(range.has_value()) << bits;
      EXPECT_EQ(range->signed_sides, sides);
      EXPECT_GT(range->fine, 0);
      EXPECT_GE(range->fine_steps, 1);
      EXPECT_GE(range->coarse_steps, 1);
      EXPECT_GT(range->factor, 1);
      EXPECT_TRUE(std::has_single_bit(static_cast<unsigned>(range->factor)));
      EXPECT_LE(range->fine_steps + range->coarse_steps + 1, 1 << bits);
      EXPECT_LE(range->fine_steps + range->coarse_steps * range->factor, 255);
      EXPECT_LE(range->apply(1e9), histogram.max() * (1 + 1e-9));
      ++found;
    }
  }
  EXPECT_EQ(found, 35U);
}

TEST(FindTwinRange, BeatsOneRangeAfterSoftmaxAndGelu) {
  const struct {
    const char* name;
    Histogram histogram;
    bool sides;
  } samples[] = {{"softmax", softmax_values(2.0), false}, {"gelu", gelu_values(), true}};
  for (const auto& sample : samples) {
    for (const int bits : {4, 6}) {
      const double uniform = uniform_error(sample.histogram, bits);
      const auto range = find_twin_range(sample.histogram, bits, sample.sides, uniform);
      ASSERT_TRUE(range.has_value()) << sample.name << bits;
      EXPECT_LT(squared_error(sample.histogram, *range), 0.7 * uniform) << sample.name << bits;
    }
  }
}

TEST(FindTwinRange, FineStepsAreWhereMostValuesAre) {
  const Histogram softmax = softmax_values(2.0);
  const auto above = find_twin_range(softmax, 4, false, INFINITY);
  ASSERT_TRUE(above.has_value());
  EXPECT_LT(above->fine * above->fine_steps, 0.5 * softmax.max());
  EXPECT_EQ(above->apply(-0.3), 0.0);
  const auto sides = find_twin_range(gelu_values(), 4, true, INFINITY);
  ASSERT_TRUE(sides.has_value());
  EXPECT_NEAR(sides->apply(-0.15), -0.15, 0.1);  // GELU's least value is -0.17
  EXPECT_LT(sides->apply(-0.15), 0.0);
  EXPECT_GT(sides->apply(2.0), 1.0);
}

TEST(FindTwinRange, GivesNothingWhereEvenStepsAreRight) {
  for (const int bits : {4, 6}) {
    const Histogram positive = even_values(0, 1);
    EXPECT_FALSE(find_twin_range(positive, bits, false, uniform_error(positive, bits)).has_value());
    const Histogram both = even_values(-1, 1);
    EXPECT_FALSE(find_twin_range(both, bits, true, uniform_error(both, bits)).has_value());
  }
}

TEST(FindTwinRange, MustBeBetterByATenth) {
  const Histogram histogram = softmax_values(2.0);
  const auto best = find_twin_range(histogram, 4, false, INFINITY);
  ASSERT_TRUE(best.has_value());
  const double error = squared_error(histogram, *best);
  EXPECT_TRUE(find_twin_range(histogram, 4, false, error * 1.12).has_value());
  EXPECT_FALSE(find_twin_range(histogram, 4, false, error * 1.10).has_value());
}

TEST(FindTwinRange, AllZerosGiveNothing) {
  Histogram histogram;
  histogram.add(std::vector<float>(100, 0.0F));
  EXPECT_FALSE(find_twin_range(histogram, 4, false, uniform_error(histogram, 4)).has_value());
}

}  // namespace
}  // namespace zoa
