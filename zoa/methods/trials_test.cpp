// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/trials.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/methods/loss.h"

namespace zoa {
namespace {

// One tap of one feature; a candidate is that feature of the only image, the answer is its double.
class TrialsTest : public testing::Test {
 protected:
  TrialsTest() {
    model_.classes = 2;
    model_.taps = {{"a", 0, 1}};
    model_.tap_width = 1;
    stats_ = {{0}, {1}, 10};
  }

  Trials make(const TrialOptions& options = {64}) {
    return {model_, stats_, options, [this](std::span<const double> candidate) {
              const auto value = static_cast<float>(candidate[0]);
              taps_ = {value};
              logits_ = {value, value};
              answer_ = {2 * value, 0};
              return PassOutput{logits_, answer_, taps_};
            }};
  }

  ModelInfo model_;
  SourceStats stats_;
  std::vector<float> taps_;
  std::vector<float> logits_;
  std::vector<float> answer_;
};

TEST_F(TrialsTest, TheBestOneAnswers) {
  Trials trials = make();
  for (const double value : {3.0, -1.0, 2.0}) {
    trials.evaluate({value});
  }
  EXPECT_EQ(trials.order(), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(trials.result().logits, (std::vector<float>{-2, 0}));
  EXPECT_DOUBLE_EQ(trials.result().loss, std::log(2.0) + 1);  // 64 / 64 * (-1)^2
  EXPECT_DOUBLE_EQ(*trials.result().discrepancy, 1);
  EXPECT_DOUBLE_EQ(trials.feature_mean()[0], 4.0 / 3);
  trials.keep_best(2);
  ASSERT_EQ(trials.all().size(), 2U);
  EXPECT_EQ(trials.all()[0].candidate[0], -1);
  EXPECT_EQ(trials.all()[1].candidate[0], 2);
  EXPECT_DOUBLE_EQ(trials.feature_mean()[0], 0.5);
  EXPECT_EQ(trials.result().logits, (std::vector<float>{-2, 0}));
}

TEST_F(TrialsTest, WhatIsNotFiniteRanksLastAndCountsNothing) {
  Trials trials = make();
  trials.evaluate({std::nan("")});
  EXPECT_EQ(trials.num_finite(), 0U);
  EXPECT_EQ(trials.result().logits.size(), 2U);  // answered all the same
  trials.evaluate({5});
  trials.evaluate({1});
  EXPECT_EQ(trials.order(), (std::vector<std::size_t>{2, 1, 0}));
  EXPECT_EQ(trials.num_finite(), 2U);
  EXPECT_EQ(trials.result().logits, (std::vector<float>{2, 0}));
  EXPECT_DOUBLE_EQ(trials.feature_mean()[0], 3);
}

TEST_F(TrialsTest, EntropyOfTheAnswerIsAnOption) {
  Trials trials = make({64, true});
  trials.evaluate({1});
  EXPECT_DOUBLE_EQ(trials.result().entropy, compute_entropy(std::vector<float>{2, 0}, 2));
  Trials plain = make();
  plain.evaluate({1});
  EXPECT_DOUBLE_EQ(plain.result().entropy, std::log(2.0));
}

}  // namespace
}  // namespace zoa
