// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/metrics.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

TEST(CountCorrect, CountsOnlyKnownLabels) {
  const std::vector<float> logits{1, 2, 0, 5, 4, 3, 0, 0, 1, 9, 0, 0};
  const std::vector<int> labels{1, 0, -1, 2};
  const CorrectCount count = count_correct(logits, 3, labels);
  EXPECT_EQ(count.labeled, 3U);
  EXPECT_EQ(count.correct, 2U);
}

TEST(CountCorrect, EqualLogitsGoToTheFirst) {
  EXPECT_EQ(count_correct(std::vector<float>{1, 1}, 2, std::vector<int>{0}).correct, 1U);
  EXPECT_EQ(count_correct(std::vector<float>{1, 1}, 2, std::vector<int>{1}).correct, 0U);
}

TEST(CountCorrect, NotFiniteIsWrong) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(count_correct(std::vector<float>{nan, nan}, 2, std::vector<int>{0}).correct, 0U);
  EXPECT_EQ(count_correct(std::vector<float>{infinity, 0}, 2, std::vector<int>{0}).correct, 0U);
}

TEST(CountCorrect, RefusesSizesThatDoNotFit) {
  EXPECT_THROW(count_correct(std::vector<float>{1, 2, 3}, 2, std::vector<int>{0}), Error);
  EXPECT_THROW(count_correct(std::vector<float>{}, 0, std::vector<int>{}), Error);
}

TEST(MeanAndSd, SampleDeviationByHand) {
  EXPECT_FALSE(mean_and_sd({}).has_value());
  const MeanSd one = mean_and_sd(std::vector<double>{0.5}).value();
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_FALSE(one.sd.has_value());
  const MeanSd three = mean_and_sd(std::vector<double>{1, 2, 6}).value();
  EXPECT_NEAR(three.mean, 3, 1e-12);
  EXPECT_NEAR(three.sd.value(), std::sqrt((4 + 1 + 9) / 2.0), 1e-12);
  EXPECT_EQ(three.count, 3U);
}

TEST(Quantile, LinearBetweenNeighbours) {
  EXPECT_EQ(quantile({}, 0.5), 0);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0), 1);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_NEAR(quantile({0, 10, 20, 30, 40}, 0.95), 38, 1e-12);
}

}  // namespace
}  // namespace zoa
