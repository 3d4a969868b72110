// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/calibration.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

// Logits of two classes whose softmax is (share, 1 - share).
std::vector<float> two_classes(std::initializer_list<double> shares) {
  std::vector<float> logits;
  for (const double share : shares) {
    logits.push_back(static_cast<float>(std::log(share / (1 - share))));
    logits.push_back(0);
  }
  return logits;
}

TEST(CountConfidence, ByHand) {
  // 0.75 * 15 = 11.25 and 0.8 * 15 = 12: both in bin 11, which ends at 0.8; 0.6 * 15 = 9: bin 8.
  const std::vector<float> logits = two_classes({0.75, 0.78, 0.59, 0.9});
  const ConfidenceBins bins = count_confidence(logits, 2, std::vector<int>{0, 1, 0, -1});
  EXPECT_EQ(bins[11].count, 2U);
  EXPECT_NEAR(bins[11].confidence, 1.53, 1e-6);
  EXPECT_EQ(bins[11].correct, 1U);
  EXPECT_EQ(bins[8].count, 1U);
  EXPECT_EQ(bins[8].correct, 1U);
  EXPECT_EQ(bins[13].count, 0U) << "an image without a label";
  // (|1 - 1.53| + |1 - 0.59|) / 3
  EXPECT_NEAR(calibration_error(bins).value(), (0.53 + 0.41) / 3, 1e-6);
}

TEST(CountConfidence, CertainAnswersLieInTheLastBin) {
  const std::vector<float> logits{100, 0, 100, 0};
  const ConfidenceBins bins = count_confidence(logits, 2, std::vector<int>{0, 0});
  EXPECT_EQ(bins[14].count, 2U);
  EXPECT_NEAR(calibration_error(bins).value(), 0, 1e-12);
}

TEST(CountConfidence, NotFiniteIsAWrongGuess) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const ConfidenceBins bins =
      count_confidence(std::vector<float>{nan, 1, 2, 3}, 4, std::vector<int>{0});
  EXPECT_EQ(bins[3].count, 1U);  // 0.25 * 15 = 3.75
  EXPECT_EQ(bins[3].confidence, 0.25);
  EXPECT_EQ(bins[3].correct, 0U);
}

TEST(CountConfidence, RefusesSizesThatDoNotFit) {
  EXPECT_THROW(count_confidence(std::vector<float>{1, 2, 3}, 2, std::vector<int>{0}), Error);
  EXPECT_THROW(count_confidence(std::vector<float>{}, 0, std::vector<int>{}), Error);
}

TEST(CalibrationError, BinsOfPartsAddUpToThoseOfTheWhole) {
  const std::vector<float> first = two_classes({0.75, 0.6});
  const std::vector<float> second = two_classes({0.7, 0.95, 0.75});
  std::vector<float> all = first;
  all.insert(all.end(), second.begin(), second.end());
  ConfidenceBins sum = count_confidence(first, 2, std::vector<int>{0, 1});
  add_bins(sum, count_confidence(second, 2, std::vector<int>{0, 1, 1}));
  const ConfidenceBins whole = count_confidence(all, 2, std::vector<int>{0, 1, 0, 1, 1});
  for (std::size_t i = 0; i < kConfidenceBins; ++i) {
    EXPECT_EQ(sum[i].count, whole[i].count);
    EXPECT_EQ(sum[i].correct, whole[i].correct);
    EXPECT_NEAR(sum[i].confidence, whole[i].confidence, 1e-12);
  }
  EXPECT_NEAR(calibration_error(sum).value(), calibration_error(whole).value(), 1e-12);
}

TEST(CalibrationError, NoImagesNoError) {
  EXPECT_FALSE(calibration_error({}).has_value());
}

}  // namespace
}  // namespace zoa
