// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/histogram.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

double total(const Histogram& histogram) {
  double sum = 0;
  for (std::size_t i = 0; i < histogram.num_bins(); ++i) {
    sum += histogram.weight(i);
  }
  return sum;
}

TEST(Histogram, CountsEveryValueInItsBin) {
  Histogram histogram;
  histogram.add(std::vector<float>{-1.0F, 0.0F, 0.25F, 3.0F});
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(total(histogram), 4.0);
  EXPECT_EQ(histogram.min(), -1.0);
  EXPECT_EQ(histogram.max(), 3.0);
  for (std::size_t i = 0; i < histogram.num_bins(); ++i) {
    if (histogram.weight(i) > 0) {
      const double centre = histogram.centre(i);
      const bool near = std::abs(centre + 1) < histogram.bin_width() ||
                        std::abs(centre) < histogram.bin_width() ||
                        std::abs(centre - 0.25) < histogram.bin_width() ||
                        std::abs(centre - 3) < histogram.bin_width();
      EXPECT_TRUE(near) << centre;
    }
  }
}

TEST(Histogram, GrowsWithoutLosingValuesOrMemory) {
  Histogram histogram;
  histogram.add(std::vector<float>{0.001F, -0.001F});
  const std::size_t bytes = histogram.bytes();
  histogram.add(std::vector<float>{1000.0F, -2000.0F});
  EXPECT_EQ(histogram.bytes(), bytes);
  EXPECT_EQ(total(histogram), 4.0);
  EXPECT_GT(histogram.bin_width() * static_cast<double>(Histogram::kSideBins), 2000.0);
}

TEST(Histogram, DoesNotDependOnTheOrderOfPieces) {
  const std::vector<float> small{0.1F, -0.3F, 0.7F};
  const std::vector<float> large{12.0F, -90.0F, 5.0F};
  Histogram a;
  a.add(small);
  a.add(large);
  Histogram b;
  b.add(large);
  b.add(small);
  ASSERT_EQ(a.bin_width(), b.bin_width());
  for (std::size_t i = 0; i < a.num_bins(); ++i) {
    EXPECT_EQ(a.weight(i), b.weight(i)) << i;
  }
}

TEST(Histogram, SetsValuesAsideThatAreNotFinite) {
  Histogram histogram;
  histogram.add(std::vector<float>{std::numeric_limits<float>::quiet_NaN(),
                                   std::numeric_limits<float>::infinity(), 1.0F});
  EXPECT_EQ(histogram.non_finite(), 2U);
  EXPECT_EQ(histogram.count(), 1U);
}

TEST(Histogram, TakesAllZeros) {
  Histogram histogram;
  histogram.add(std::vector<float>(10, 0.0F));
  EXPECT_EQ(histogram.count(), 10U);
  EXPECT_EQ(histogram.min(), 0.0);
}

}  // namespace
}  // namespace zoa
