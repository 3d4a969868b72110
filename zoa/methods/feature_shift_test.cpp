// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/feature_shift.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(FeatureShift, RunsAndRestarts) {
  const std::vector<float> source = {1, 2};
  FeatureShift shift(source, 0.1);
  EXPECT_TRUE(shift.shift().empty());
  shift.observe(std::vector<double>{0, 4}, false);
  EXPECT_EQ(shift.shift(), (std::vector<float>{1, -2}));
  shift.observe(std::vector<double>{10, 4}, false);
  EXPECT_FLOAT_EQ(shift.shift()[0], 0);  // running mean 0.9 * 0 + 0.1 * 10
  shift.observe(std::vector<double>{5, 5}, true);
  EXPECT_EQ(shift.shift(), (std::vector<float>{-4, -3}));
}

TEST(FeatureShift, BrokenMeansAreLeftOut) {
  const std::vector<float> source = {1, 2};
  FeatureShift shift(source, 0.1);
  shift.observe(std::vector<double>{0, 4}, false);
  shift.observe(std::vector<double>{std::nan(""), 4}, true);
  EXPECT_EQ(shift.shift(), (std::vector<float>{1, -2}));
}

}  // namespace
}  // namespace zoa
