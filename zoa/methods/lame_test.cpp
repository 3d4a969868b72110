// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/lame.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

LameOptions options(const std::string& affinity, std::int64_t neighbours) {
  LameOptions options;
  options.affinity = affinity;
  options.neighbours = neighbours;
  return options;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], 1e-12) << i;
  }
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// Directions 0, 6 and 90 degrees: the nearest other of the third is the second.
TEST(Lame, NearestNeighboursByHand) {
  const std::vector<float> features = {1, 0, 10, 1, 0, 0.5F};
  EXPECT_EQ(compute_affinity(options("knn", 1), features, 2),
            (std::vector<double>{0, 1, 0, 1, 0, 0.5, 0, 0.5, 0}));
  LameOptions directed = options("knn", 1);
  directed.symmetric = false;
  EXPECT_EQ(compute_affinity(directed, features, 2),
            (std::vector<double>{0, 1, 0, 1, 0, 0, 0, 1, 0}));
  // More neighbours than images: all others. Equally near ones: the first.
  EXPECT_EQ(compute_affinity(options("knn", 5), features, 2),
            (std::vector<double>{0, 1, 1, 1, 0, 1, 1, 1, 0}));
  EXPECT_EQ(compute_affinity(directed, std::vector<float>{1, 1, 1}, 1),
            (std::vector<double>{0, 1, 0, 1, 0, 0, 1, 0, 0}));
}

// Right angles: distance sqrt(2), which is also the width when the second nearest counts, the image
// itself being the first.
TEST(Lame, KernelsByHand) {
  const std::vector<float> features = {3, 0, 0, 7};
  const double near = std::exp(-0.5);
  expect_near(compute_affinity(options("rbf", 5), features, 2), {1, near, near, 1});
  expect_near(compute_affinity(options("rbf", 1), features, 2), {1, 0, 0, 1});
  expect_near(compute_affinity(options("rbf", 5), std::vector<float>{1, 2}, 2), {1});
  expect_near(compute_affinity(options("linear", 5), std::vector<float>{3, 4, 5, 0}, 2),
              {1, 0.6, 0.6, 1});
}

// Two images that are each other's neighbour, both 0.6 for class 0: y <- s(log 1.5 + 2 y - 1).
TEST(Lame, RoundsByHand) {
  const auto prior = static_cast<float>(std::log(1.5));
  const std::vector<float> logits = {prior, 0, prior, 0};
  const std::vector<double> affinity = {0, 1, 1, 0};
  const auto share = [&](std::int64_t rounds, double tolerance) {
    LameOptions given;
    given.rounds = rounds;
    given.tolerance = tolerance;
    return std::exp(static_cast<double>(compute_assignment(given, logits, 2, affinity)[0]));
  };
  double y = 0.6;
  std::vector<double> wanted;
  for (int round = 0; round < 200; ++round) {
    y = sigmoid(std::log(1.5) + 2 * y - 1);
    wanted.push_back(y);
  }
  EXPECT_NEAR(share(1, 0), 0.6469, 1e-4);
  EXPECT_NEAR(share(2, 0), wanted[1], 1e-7);
  EXPECT_NEAR(share(200, 0), wanted.back(), 1e-6);  // the fixed point
  EXPECT_NEAR(share(100, 1), wanted[2], 1e-7);      // the third round may be the last
}

TEST(Lame, WithoutNeighboursTheAnswerStays) {
  FakeForward forward(Family::Vit, lame_info({}, {}));
  const auto method = make_method("lame", {}, 1, forward.info(), {});
  const StepResult result = method->step(test::make_flat_batch({{1, 0, 0, 0}}), forward);
  const double sum = std::exp(-2) + 1 + std::exp(2);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(result.logits[k], 2.0 * (static_cast<double>(k) - 1) - std::log(sum), 1e-6);
  }
  EXPECT_FALSE(result.updated);
  EXPECT_EQ(forward.passes(), 1U);
}

// Three images look alike; two are sure of class 2 and carry the third, which was for class 1 with
// logits -0.325, 0.25, 0.2. The fourth is broken: its answer is what it was, and nobody hears of
// it.
TEST(Lame, NeighboursCarryADoubtfulImage) {
  FakeForward forward(Family::Vit, lame_info({}, {}));
  const auto method = make_method("lame", {}, 1, forward.info(), {});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const test::Row doubtful = {0.15F, 0, 0.1F, -0.025F};
  const std::vector<float> plain = test::head_logits(doubtful);
  ASSERT_GT(plain[1], plain[2]);
  const StepResult result = method->step(
      test::make_flat_batch({{4, 0, 0, 0}, {5, 0, 0, 0}, doubtful, {nan, 0, 0, 0}}), forward);
  EXPECT_GT(result.logits[8], result.logits[7]);
  EXPECT_TRUE(std::isnan(result.logits[9]));
  const StepResult without =
      method->step(test::make_flat_batch({{4, 0, 0, 0}, {5, 0, 0, 0}, doubtful}), forward);
  EXPECT_EQ(std::vector<float>(result.logits.begin(), result.logits.begin() + 9), without.logits);
}

TEST(Lame, AffinitiesByName) {
  const auto [code, text] =
      test::error_of([] { method_needs("lame", {{"affinity", "rbx"}}, fake_model(Family::Vit)); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("did you mean 'rbf'? known: knn, rbf, linear"), std::string::npos) << text;
  for (const char* affinity : {"rbf", "linear"}) {
    EXPECT_EQ(check_method("lame", {{"affinity", affinity}}), std::vector<std::string>());
  }
}

}  // namespace
}  // namespace zoa
