// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/range.h"

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
