// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/search_state.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

// One tap of one feature: the first number of a candidate.
class SearchStateTest : public testing::Test {
 protected:
  SearchStateTest() {
    model_.classes = 2;
    model_.taps = {{"a", 0, 1}};
    model_.tap_width = 1;
    stats_ = {{0}, {1}, 10};
  }

  Trials make_trials() {
    return {model_, stats_, {1}, [this](std::span<const double> candidate) {
              taps_ = {static_cast<float>(candidate[0])};
              return PassOutput{logits_, logits_, taps_};
            }};
  }

  static SearchState make_state() {
    const std::vector<float> source = {0};
    return {5, 0, Cmaes(Evolution::Isotropic, {1, 1}, 0.5, 2), {1, 1}, FeatureShift(source, 0.1)};
  }

  ModelInfo model_;
  SourceStats stats_;
  std::vector<float> taps_;
  std::vector<float> logits_ = {0, 0};
};

TEST_F(SearchStateTest, BudgetsBecomePopulations) {
  EXPECT_EQ(SearchBudget(28).population, 27U);
  EXPECT_TRUE(SearchBudget(28).incumbent);
  EXPECT_EQ(SearchBudget(3).population, 2U);
  EXPECT_TRUE(SearchBudget(3).incumbent);
  EXPECT_EQ(SearchBudget(2).population, 2U);
  EXPECT_FALSE(SearchBudget(2).incumbent);
}

TEST_F(SearchStateTest, AnInjectedParentMovesTheMeanNoFurtherThanADrawnOneCould) {
  SearchState state = make_state();
  Trials trials = make_trials();
  trials.evaluate({0, 101}, true);  // the best, and far away
  trials.evaluate({3, 1});
  trials.evaluate({2, 1});
  ASSERT_TRUE(state.learn(trials));
  const double step_0 = state.search.mean()[0] - 1;
  const double step_1 = state.search.mean()[1] - 1;
  EXPECT_NEAR(std::hypot(step_0, step_1), 0.5 * (std::sqrt(2.0) + 1), 1e-12);
  EXPECT_NEAR(step_1 / step_0, -100, 1e-9);
  EXPECT_EQ(state.best, (std::vector<double>{0, 101}));  // tried again as it is
  ASSERT_EQ(state.shift.running().size(), 1U);
  EXPECT_NEAR(state.shift.running()[0], 5.0 / 3, 1e-12);
  EXPECT_EQ(state.step, 1U);
}

TEST_F(SearchStateTest, NothingIsLearntFromNothing) {
  SearchState state = make_state();
  Trials trials = make_trials();
  trials.evaluate({std::nan(""), 1});
  trials.evaluate({std::nan(""), 2});
  EXPECT_FALSE(state.learn(trials));
  EXPECT_EQ(state.step, 0U);
}

TEST_F(SearchStateTest, RefusesForeignStates) {
  SearchState state = make_state();
  MemoryState saved;
  state.save(saved, "x");
  SearchState other = make_state();
  other.load(saved, "x");
  saved.put_f64("x.best", std::vector<double>{1, std::nan("")});
  EXPECT_EQ(test::error_of([&] { other.load(saved, "x"); }).first, ErrorCode::BadFile);
  saved.put_f64("x.best", std::vector<double>{1});
  EXPECT_EQ(test::error_of([&] { other.load(saved, "x"); }).first, ErrorCode::StateMismatch);
}

}  // namespace
}  // namespace zoa
