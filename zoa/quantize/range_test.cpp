// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/range.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"

namespace zoa {
namespace {

Histogram normal_values(double mean, std::size_t count, float outlier = 0) {
  const Rng rng(1, 0);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(mean + rng.normal(i)));
  }
  if (outlier != 0) {
    values.push_back(outlier);
  }
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

TEST(Range, MinMaxHoldsAllValuesAndZeroOnAStep) {
  const Histogram histogram = normal_values(2.0, 1000);
  const QuantizerRange range = find_range(histogram, 8, false, RangeMethod::MinMax);
  EXPECT_LE(range.low, histogram.min() + range.scale());
  EXPECT_GE(range.high, histogram.max() - range.scale());
  const double zero_point = -range.low / range.scale();
  EXPECT_NEAR(zero_point, std::round(zero_point), 1e-9);
}

TEST(Range, SymmetricHasNoZeroPoint) {
  const QuantizerRange range = find_range(normal_values(0.5, 1000), 8, true, RangeMethod::MinMax);
  EXPECT_NEAR(range.low, -128.0 * range.scale(), 1e-9);
  EXPECT_NEAR(range.high, 127.0 * range.scale(), 1e-9);
}

TEST(Range, StartsAtZeroWhereNothingIsNegative) {
  Histogram histogram;
  histogram.add(std::vector<float>{0.0F, 1.0F, 2.0F, 5.0F});
  EXPECT_EQ(find_range(histogram, 8, false, RangeMethod::MinMax).low, 0.0);
}

TEST(Range, SearchClipsALoneOutlierAtFewBitsAndNeverDoesWorseThanMinMax) {
  const Histogram histogram = normal_values(0, 20000, 40.0F);
  for (const int bits : {4, 8}) {
    const auto full = find_range(histogram, bits, false, RangeMethod::MinMax);
    const auto best = find_range(histogram, bits, false, RangeMethod::Mse);
    EXPECT_LE(squared_error(histogram, best), squared_error(histogram, full)) << bits;
  }
  EXPECT_LT(find_range(histogram, 4, false, RangeMethod::Mse).high, 20.0);
}

// The definition, a bin at a time.
double slow_error(const Histogram& histogram, const QuantizerRange& range) {
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins(); ++bin) {
    double least = INFINITY;
    for (int k = 0; k < range.levels; ++k) {
      least = std::min(least, std::abs(range.low + k * range.scale() - histogram.centre(bin)));
    }
    sum += histogram.weight(bin) * least * least;
  }
  return sum;
}

TEST(Range, SquaredErrorIsTheSumOverTheBins) {
  const Histogram histogram = normal_values(0.3, 500, 6.0F);
  for (const QuantizerRange& range :
       {QuantizerRange{-1, 2, 4}, QuantizerRange{-4, 3.5, 16}, QuantizerRange{0, 5, 64}}) {
    const double exact = slow_error(histogram, range);
    EXPECT_NEAR(squared_error(histogram, range), exact, 1e-9 * exact) << range.levels;
  }
}

TEST(Range, EveryWidthHasItsLevelsAndZeroOnAStep) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const auto method :
         {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::Mse, RangeMethod::Output}) {
      for (const double mean : {-3.0, -0.4, 0.0, 0.4, 3.0}) {
        const auto range = find_range(normal_values(mean, 2000), bits, false, method);
        EXPECT_EQ(range.levels, 1 << bits);
        const double zero_point = -range.low / range.scale();
        EXPECT_NEAR(zero_point, std::round(zero_point), 1e-9) << bits << " " << mean;
        EXPECT_GE(zero_point, -1e-9) << bits << " " << mean;
        EXPECT_LE(zero_point, range.levels - 1 + 1e-9) << bits << " " << mean;
      }
    }
  }
}

TEST(Range, SymmetricHasZeroInTheMiddleAtEveryWidth) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const auto method : {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::Mse}) {
      const auto range = find_range(normal_values(0.5, 1000), bits, true, method);
      const double half = std::exp2(bits - 1);
      EXPECT_EQ(range.levels, 1 << bits);
      EXPECT_NEAR(range.low, -half * range.scale(), 1e-9) << bits;
      EXPECT_NEAR(range.high, (half - 1) * range.scale(), 1e-9) << bits;
    }
  }
}

TEST(Range, SymmetricSearchClipsTheTailsOfFewBits) {
  const Histogram histogram = normal_values(0, 20000);
  const auto full = find_range(histogram, 4, true, RangeMethod::MinMax);
  const auto best = find_range(histogram, 4, true, RangeMethod::Mse);
  EXPECT_LT(squared_error(histogram, best), 0.8 * squared_error(histogram, full));
  // Max (1960): 16 even levels over a normal distribution want steps of 0.3352.
  EXPECT_NEAR(best.scale(), 0.335, 0.03);
}

TEST(Range, PercentileLeavesOutOneInTenThousand) {
  Histogram histogram = normal_values(0, 100000);
  histogram.add(std::vector<float>{900.0F, 900.0F, 900.0F, -700.0F, -700.0F});
  const auto range = find_range(histogram, 8, false, RangeMethod::Percentile);
  // The normal distribution's 0.9999 quantile is 3.72.
  EXPECT_NEAR(range.high, 3.9, 0.45);
  EXPECT_NEAR(range.low, -3.9, 0.45);
  EXPECT_GT(find_range(histogram, 8, false, RangeMethod::MinMax).high, 890.0);
}

TEST(Range, WeightsDecideWhatIsClipped) {
  const Rng rng(4, 0);
  const auto high_with = [&](double weight) {
    Histogram histogram;
    for (std::size_t i = 0; i < 2000; ++i) {
      histogram.add_weighted(static_cast<float>(rng.normal(i)), 1.0);
    }
    histogram.add_weighted(16.0F, weight);
    return find_range(histogram, 4, false, RangeMethod::Output).high;
  };
  EXPECT_LT(high_with(0.001), 4.0);
  EXPECT_LT(high_with(0.001), high_with(1.0));
  EXPECT_GT(high_with(1000.0), 15.0);
}

TEST(Range, OutputIsTheBestOfTheWeightedValues) {
  Histogram histogram;
  const Rng rng(5, 0);
  for (std::size_t i = 0; i < 4000; ++i) {
    const double value = rng.normal(i) + 0.8;
    histogram.add_weighted(static_cast<float>(value), value > 2 ? 0.05 : 1.0);
  }
  for (const int bits : {2, 3, 4, 6}) {
    const auto best = find_range(histogram, bits, false, RangeMethod::Output);
    const double error = squared_error(histogram, best);
    EXPECT_LE(error,
              squared_error(histogram, find_range(histogram, bits, false, RangeMethod::MinMax)));
    EXPECT_LE(error, squared_error(histogram,
                                   find_range(histogram, bits, false, RangeMethod::Percentile)));
    for (const double share : {0.9, 1.1}) {  // nor is a range nearby clearly better
      const QuantizerRange near{best.low * share, best.high * share, best.levels};
      EXPECT_LE(error, 1.05 * squared_error(histogram, near)) << bits << " " << share;
    }
  }
}

// Most values lie evenly in [0, 10], some far out on one side: only that side is clipped.
TEST(Range, EachEndIsClippedAlone) {
  const Rng rng(6, 0);
  for (const float sign : {-1.0F, 1.0F}) {
    std::vector<float> values{-10 * sign, -10 * sign};
    for (std::size_t i = 0; i < 10000; ++i) {
      values.push_back(sign * static_cast<float>(10 * rng.uniform(i)));
    }
    Histogram histogram;
    histogram.add(values);
    const auto range = find_range(histogram, 4, false, RangeMethod::Mse);
    EXPECT_LT(sign > 0 ? -range.low : range.high, 1.0) << sign;
    EXPECT_GT(sign > 0 ? range.high : -range.low, 9.0) << sign;
  }
}

TEST(Range, KnowsTheNames) {
  EXPECT_EQ(parse_range_method("minmax"), RangeMethod::MinMax);
  EXPECT_EQ(parse_range_method("percentile"), RangeMethod::Percentile);
  EXPECT_EQ(parse_range_method("mse"), RangeMethod::Mse);
  EXPECT_EQ(parse_range_method("output"), RangeMethod::Output);
}

TEST(Range, ConstantZeroGetsAUsableRange) {
  Histogram histogram;
  histogram.add(std::vector<float>(8, 0.0F));
  const QuantizerRange range = find_range(histogram, 8, false, RangeMethod::Mse);
  EXPECT_GT(range.scale(), 0.0);
}

TEST(Range, UnknownMethodListsTheKnown) {
  try {
    parse_range_method("entropy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("mse"), std::string::npos);
  }
}

}  // namespace
}  // namespace zoa
