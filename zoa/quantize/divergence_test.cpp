// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/divergence.h"

#include <cmath>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(Divergence, WorkedByHandAndBlindToShifts) {
  const Logits even{{0, 0}, 2};
  const auto log3 = static_cast<float>(std::log(3.0));
  const Logits tilted{{log3, 0}, 2};  // softmax 3/4, 1/4
  const double expected = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
  EXPECT_NEAR(mean_divergence(even, tilted), expected, 1e-7);
  EXPECT_NEAR(mean_divergence(even, {{log3 + 500, 500}, 2}), expected, 1e-4);
  EXPECT_DOUBLE_EQ(mean_divergence(tilted, tilted), 0);
  // The mean over the images of the second, which are the first of the first.
  EXPECT_NEAR(mean_divergence({{0, 0, 0, 0, 9, 0}, 2}, {{log3, 0, 0, 0}, 2}), expected / 2, 1e-7);
}

// 300 images of two classes; the network answers class 1 for the first `ones`.
Logits answers(std::size_t ones) {
  Logits logits{{}, 2};
  for (std::size_t i = 0; i < 300; ++i) {
    logits.values.push_back(i < ones ? 0.0F : 1.0F);
    logits.values.push_back(i < ones ? 1.0F : 0.0F);
  }
  return logits;
}

TEST(DropMeter, WithoutLabelsCountsChangedAnswersExactly) {
  const DropMeter meter(answers(100), std::vector<int>(300, -1));
  EXPECT_EQ(meter.measure(), "changed answers");
  EXPECT_EQ(meter.images(), 300U);
  EXPECT_EQ(meter.drop(answers(100)), 0);
  // 3 of 300 are the 0.01 that a user types; 1 - 297 / 300 would be more.
  EXPECT_EQ(meter.drop(answers(103)), 0.01);
  EXPECT_EQ(meter.drop(answers(97)), 0.01);
}

TEST(DropMeter, WithLabelsIsAccuracyAndCanBeAGain) {
  std::vector<int> labels(300, 0);
  std::fill_n(labels.begin(), 120, 1);
  const DropMeter meter(answers(100), labels);  // 20 wrong
  EXPECT_EQ(meter.measure(), "accuracy");
  EXPECT_DOUBLE_EQ(meter.drop(answers(106)), -0.02);
  EXPECT_DOUBLE_EQ(meter.drop(answers(94)), 0.02);
}

TEST(DropMeter, HalfOfTheLabelsAreEnoughAndOnlyTheyCount) {
  std::vector<int> labels(300, -1);
  std::fill_n(labels.begin(), 150, 1);
  const DropMeter meter(answers(150), labels);
  EXPECT_EQ(meter.measure(), "accuracy");
  EXPECT_EQ(meter.images(), 150U);
  EXPECT_DOUBLE_EQ(meter.drop(answers(300)), 0);  // others may change
  EXPECT_DOUBLE_EQ(meter.drop(answers(75)), 0.5);
  labels[0] = -1;
  EXPECT_EQ(DropMeter(answers(150), labels).measure(), "changed answers");
}

TEST(FindFewest, FindsEveryThresholdWithinItsTrials) {
  for (std::size_t count = 0; count <= 70; ++count) {
    for (std::size_t threshold = 1; threshold <= count + 1; ++threshold) {
      std::size_t trials = 0;
      std::size_t last_met = 0;
      const auto found = find_fewest(count, [&](std::size_t n) {
        EXPECT_GE(n, 1U);
        EXPECT_LE(n, count);
        ++trials;
        last_met = n >= threshold ? n : last_met;
        return n >= threshold;
      });
      ASSERT_EQ(found.has_value(), threshold <= count) << count << " " << threshold;
      ASSERT_TRUE(!found || (*found == threshold && last_met == threshold)) << count;
      ASSERT_LE(trials, most_trials(count)) << count << " " << threshold;
    }
  }
}

}  // namespace
}  // namespace zoa
