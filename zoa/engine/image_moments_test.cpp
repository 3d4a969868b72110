// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/image_moments.h"

#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

// Images of two values each: {1, 3} and {5, 11} in channel 0, {0, 0} and {4, 4} in channel 1.
TEST(ImageMoments, AreThoseOfAllValues) {
  const ImageMoments moments =
      pool_images(std::vector<float>{2, 0, 8, 4}, std::vector<float>{1, 0, 9, 0}, 2);
  EXPECT_EQ(moments.mean, (std::vector<float>{5, 2}));
  EXPECT_EQ(moments.variance, (std::vector<float>{14, 4}));  // (16 + 4 + 0 + 36) / 4
  EXPECT_EQ(moments.spread, (std::vector<float>{9, 4}));
}

TEST(ImageMoments, OfOnePositionHaveTheSpreadAsVariance) {
  const ImageMoments moments = pool_images(std::vector<float>{1, 5}, {}, 1);
  EXPECT_EQ(moments.mean, (std::vector<float>{3}));
  EXPECT_EQ(moments.variance, (std::vector<float>{4}));
  EXPECT_EQ(moments.spread, (std::vector<float>{4}));
}

}  // namespace
}  // namespace zoa
