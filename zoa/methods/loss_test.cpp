// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/loss.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

ModelInfo two_taps(Family family) {
  ModelInfo model;
  model.family = family;
  model.classes = 2;
  model.taps = {{"a", 0, 1}, {"b", 1, 2}};
  model.tap_width = 3;
  return model;
}

TEST(Loss, EntropyByHand) {
  const std::vector<float> even = {3, 3, -1, -1};
  EXPECT_DOUBLE_EQ(compute_entropy(even, 2), std::log(2.0));
  const std::vector<float> far = {0, 1000};
  EXPECT_EQ(compute_entropy(far, 2), 0);
  const std::vector<float> row = {0, 1, 2};
  double sum = 0;
  double wanted = 0;
  for (const double x : {0.0, 1.0, 2.0}) {
    sum += std::exp(x);
  }
  for (const double x : {0.0, 1.0, 2.0}) {
    wanted -= std::exp(x) / sum * (x - std::log(sum));
  }
  EXPECT_NEAR(compute_entropy(row, 3), wanted, 1e-14);
}

TEST(Loss, MomentsAreUnbiased) {
  const std::vector<float> rows = {1, 10, 2, 20, 6, 30};
  const BatchMoments moments = compute_moments(rows, 2);
  EXPECT_EQ(moments.mean, (std::vector<double>{3, 20}));
  EXPECT_DOUBLE_EQ(moments.deviation[0], std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(moments.deviation[1], 10);
}

TEST(Loss, DiscrepancyWeighsFeaturesByFamily) {
  // Errors of the std: 1, 0, 0; of the mean: 0, 2, 0.
  const BatchMoments moments{{0, 2, 0}, {2, 1, 1}};
  const SourceStats source{{0, 0, 0}, {1, 1, 1}, 10};
  EXPECT_DOUBLE_EQ(compute_discrepancy(two_taps(Family::Vit), moments, source), 5.0 / 3);
  // Tap a: 1; tap b: 4 / 2.
  EXPECT_DOUBLE_EQ(compute_discrepancy(two_taps(Family::Cnn), moments, source), 1.5);
}

TEST(Loss, BatchOfOneLeavesTheStdOut) {
  const std::vector<float> logits = {0, 0};
  const std::vector<float> taps = {1, 2, 3};
  const SourceStats source{{1, 2, 0}, {5, 5, 5}, 10};
  const BatchLoss loss = compute_loss(two_taps(Family::Vit), source, 10, {logits, logits, taps});
  EXPECT_DOUBLE_EQ(loss.discrepancy, 3);
  EXPECT_DOUBLE_EQ(loss.total, std::log(2.0) + 30);
}

// Two images. Means 1, 2, 0 and deviations sqrt(2), 0, 0 against the source's 0, 0, 0 and 0, 1, 0.
TEST(Loss, FitnessIsTheSumOverFeaturesAtABatchOf64) {
  const std::vector<float> logits = {0, 0, 0, 0};
  const std::vector<float> taps = {0, 2, 0, 2, 2, 0};
  const SourceStats source{{0, 0, 0}, {0, 1, 0}, 10};
  const PassOutput output{logits, logits, taps};
  const double sum = 2 * std::log(2.0) + 0.4 * (2.0 / 64) * ((2 + 1) + (1 + 4));
  const BatchLoss vit = compute_fitness(two_taps(Family::Vit), source, 0.4, output);
  EXPECT_NEAR(2 * vit.total, sum, 1e-12);
  EXPECT_DOUBLE_EQ(vit.discrepancy, 8.0 / 3);
  // A CNN: the mean within each tap, then over the taps.
  const BatchLoss cnn = compute_fitness(two_taps(Family::Cnn), source, 0.4, output);
  EXPECT_NEAR(cnn.total, std::log(2.0) + 0.4 * ((2 + 1) + (1 + 4) / 2.0) / 2, 1e-12);
}

TEST(Loss, NotANumberGoesThrough) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = {nan, 0, 0, 0};
  EXPECT_TRUE(std::isnan(compute_entropy(logits, 2)));
  const std::vector<float> second = {0, nan, 0, 0};
  EXPECT_TRUE(std::isnan(compute_entropy(second, 2)));
  const std::vector<float> taps = {0, nan, 0, 0, 0, 0};
  const SourceStats source{{0, 0, 0}, {1, 1, 1}, 10};
  const BatchLoss loss = compute_loss(two_taps(Family::Cnn), source, 1,
                                      {std::vector<float>{0, 0, 0, 0}, logits, taps});
  EXPECT_TRUE(std::isnan(loss.total));
}

TEST(Loss, SizesMustFit) {
  const std::vector<float> logits = {0, 0};
  const std::vector<float> taps = {1, 2};
  EXPECT_THROW(compute_loss(two_taps(Family::Vit), {}, 1, {logits, logits, taps}), Error);
  EXPECT_EQ(test::error_of([] { check_loss(two_taps(Family::Vit), {}); }).first,
            ErrorCode::StateMismatch);
  EXPECT_EQ(test::error_of([] { check_loss({}, {}); }).first, ErrorCode::UnsupportedModel);
}

}  // namespace
}  // namespace zoa
