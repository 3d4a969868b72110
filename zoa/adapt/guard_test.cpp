// SPDX-License-Identifier: Apache-2.0
// The policy by itself, fed with facts; whole methods under guard: guarded_method_test.cpp.
#include "zoa/adapt/guard.h"

#include <limits>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"

namespace zoa {
namespace {

WindowFacts usable(std::size_t count) {
  return {count, 0, 0, 0, count};
}

AnswerFacts answers(double entropy, double spread) {
  AnswerFacts facts;
  facts.count = 64;
  facts.entropy = entropy;
  facts.spread = spread;
  facts.entropies.assign(64, entropy);
  return facts;
}

StepResult update(double loss = 1, double difference = 0.01) {
  StepResult result;
  result.loss = loss;
  result.loss_perturbed = loss + difference;
  result.bounds = StepBounds{};
  result.updated = true;
  return result;
}

StepVerdict run(Guard& guard, const AnswerFacts& plain, const AnswerFacts& method) {
  guard.check_window(usable(64));
  guard.check_plain(plain);
  const StepResult result = update();
  return guard.check_step({result, method, &plain});
}

const AnswerFacts kWide = answers(0.2, 0.95);

TEST(Guard, WindowsByHand) {
  Guard guard(guard_options("on"), {true, 1, 0});
  const auto verdict = [&](const WindowFacts& facts) {
    const WindowVerdict found = guard.check_window(facts);
    return std::string(found.learn ? "learn" : reason_name(guard.reasons().at(0))) +
           (found.method_answers ? ", method" : ", plain");
  };
  EXPECT_EQ(verdict(usable(64)), "learn, method");
  EXPECT_EQ(verdict(usable(8)), "learn, method");
  EXPECT_EQ(verdict(usable(7)), "small_window, plain");
  EXPECT_EQ(verdict({64, 1, 0, 0, 63}), "non_finite_input, plain");
  EXPECT_EQ(verdict({64, 0, 16, 0, 48}), "learn, method");
  EXPECT_EQ(verdict({64, 0, 40, 0, 24}), "constant_frames, plain");
  EXPECT_EQ(verdict({64, 0, 0, 40, 24}), "near_duplicates, plain");
  EXPECT_EQ(verdict({64, 0, 0, 30, 34}), "learn, method");
  // Without batch statistics an image's answer does not depend on its window.
  Guard single(guard_options("on"), {false, 1, 0});
  EXPECT_TRUE(single.check_window(usable(1)).method_answers);
  EXPECT_FALSE(single.check_window(usable(1)).learn);
}

// Entropies are shares of log K: up to 0.13 + 0.15 * spread, and not 0.02 above the plain one; in a
// calm stream up to 0.22 + 0.15 * spread, and not 0.09 above it.
TEST(Guard, StatisticsOfTheBatchAnswerWhileTheyAreSure) {
  Guard guard(guard_options("on"), {true, 1, 0});
  EXPECT_FALSE(run(guard, answers(0.4, 0.9), answers(0.25, 0.9)).plain_answers);
  EXPECT_FALSE(run(guard, answers(0.4, 0.9), answers(0.30, 0.9)).plain_answers);  // calm
  EXPECT_TRUE(run(guard, answers(0.4, 0.9), answers(0.36, 0.9)).plain_answers);
  EXPECT_FALSE(run(guard, answers(0.1, 0.9), answers(0.18, 0.9)).plain_answers);
  EXPECT_TRUE(run(guard, answers(0.1, 0.9), answers(0.20, 0.9)).plain_answers);
  // A stream of few classes is not calm: the bounds are narrow.
  for (int window = 0; window < 10; ++window) {
    EXPECT_TRUE(run(guard, answers(0.4, 0.6), answers(0.33, 0.9)).plain_answers);
  }
  EXPECT_TRUE(run(guard, answers(0.4, 0.9), answers(0.30, 0.9)).plain_answers);
  EXPECT_TRUE(run(guard, answers(0.1, 0.9), answers(0.13, 0.9)).plain_answers);
  EXPECT_FALSE(run(guard, answers(0.1, 0.9), answers(0.11, 0.9)).plain_answers);
  EXPECT_EQ(guard.counters()[GuardReason::UnsureAnswer], 14);
}

TEST(Guard, WindowsOfOneClassEndTheCalm) {
  Guard guard(guard_options("on"), {true, 1, 0});
  run(guard, answers(0.2, 0.9), answers(0.2, 0.9));
  for (int window = 0; window < 8; ++window) {
    guard.check_window(usable(64));
    EXPECT_FALSE(guard.check_plain(answers(0.2, 0.3)).method_answers);
  }
  EXPECT_TRUE(run(guard, answers(0.4, 0.9), answers(0.30, 0.9)).plain_answers);
}

TEST(Guard, OtherMethodsAreJudgedByThePlainAnswers) {
  Guard guard(guard_options("on"), {false, 1, 0});
  EXPECT_FALSE(run(guard, answers(0.4, 0.9), answers(0.54, 0.9)).plain_answers);
  const StepVerdict unsure = run(guard, answers(0.4, 0.9), answers(0.56, 0.9));
  EXPECT_TRUE(unsure.plain_answers);
  EXPECT_EQ(unsure.action, StepAction::Accept);  // what is out of date comes up to date
}

TEST(Guard, ThePlainNetworkIsAskedAsOftenAsSaid) {
  GuardOptions options = guard_options("on");
  options.probe = 4;
  Guard guard(options, {false, 1, 0});
  std::string asked;
  for (int window = 0; window < 12; ++window) {
    guard.check_window(usable(64));
    const bool wants = guard.wants_plain();
    asked += wants ? 'p' : '.';
    const StepResult result = update();
    // From window 7 on the answers are unsure, which the next question shows.
    const AnswerFacts method = answers(window < 6 ? 0.2 : 0.9, 0.9);
    guard.check_step({result, method, wants ? &kWide : nullptr});
  }
  EXPECT_EQ(asked, "...p...ppppp");
}

TEST(Guard, BatchStatisticsAreAlwaysProbed) {
  GuardOptions options = guard_options("on");
  options.probe = 4;
  Guard guard(options, {true, 1, 0});
  guard.check_window(usable(64));
  EXPECT_TRUE(guard.wants_plain());
  guard.check_window(usable(2));
  EXPECT_FALSE(guard.wants_plain());  // it answers anyway
}

TEST(Guard, ALossOrAnAnswerThatIsNoNumber) {
  Guard guard(guard_options("on"), {false, 1, 0});
  Guard off(guard_options("off"), {false, 1, 0});
  for (Guard* each : {&guard, &off}) {
    each->check_window(usable(64));
    const StepResult lost = update(std::numeric_limits<double>::quiet_NaN());
    const StepVerdict verdict = each->check_step({lost, kWide, nullptr});
    EXPECT_EQ(verdict.plain_answers, each == &guard);
    EXPECT_EQ(verdict.action, each == &guard ? StepAction::Discard : StepAction::Accept);
    each->check_window(usable(64));
    AnswerFacts broken = kWide;
    broken.finite = false;
    const StepResult result = update();
    EXPECT_EQ(each->check_step({result, broken, nullptr}).plain_answers, each == &guard);
  }
  EXPECT_EQ(guard.counters()[GuardReason::NonFiniteLoss], 1);
  EXPECT_EQ(guard.counters()[GuardReason::NonFiniteAnswer], 1);
  EXPECT_EQ(counters_text(off.counters()), "");
}

TEST(Guard, BoundsFollowTheStreamAndTheNetwork) {
  Guard guard(guard_options("on"), {false, 100, 0});
  EXPECT_EQ(guard.limits().step_norm, 1);
  EXPECT_EQ(guard.limits().offset_norm, 10);
  EXPECT_EQ(guard.limits().difference, StepLimits::kUnlimited);
  for (std::size_t i = 0; i < UsualRange::kLeast; ++i) {
    run(guard, kWide, kWide);
  }
  EXPECT_NEAR(guard.limits().difference, 0.01, 1e-9);
  Guard off(guard_options("paper"), {false, 100, 0});
  EXPECT_EQ(off.limits().step_norm, StepLimits::kUnlimited);
}

TEST(Guard, RollbacksLongAgoDoNotTripTheBreaker) {
  GuardOptions options = guard_options("on");
  options.patience = 1;
  options.most_rollbacks = 2;
  options.rollback_horizon = 10;
  const AnswerFacts collapsed = answers(0.01, 0.1);
  for (const int between : {1, 20}) {
    Guard guard(options, {false, 1, 0});
    for (int turn = 0; turn < 2; ++turn) {
      for (int window = 0; window < between; ++window) {
        run(guard, kWide, kWide);
      }
      EXPECT_NE(run(guard, kWide, collapsed).action, StepAction::Accept);
    }
    EXPECT_EQ(guard.state() == GuardState::Fallback, between == 1) << between;
  }
}

TEST(Guard, GoesOnFromItsState) {
  GuardOptions options = guard_options("on");
  options.evidence = 0.01;
  options.evidence_images = 128;
  const GuardSetting setting{false, 1, 3};
  Guard whole(options, setting);
  const AnswerFacts collapsed = answers(0.4, 0.1);
  for (int window = 0; window < 40; ++window) {
    MemoryState state;
    whole.save(state, "guard");
    Guard loaded(options, setting);
    loaded.load(state, "guard");
    const AnswerFacts plain = answers(window < 4 ? 0.2 : 0.3, 0.95);
    const AnswerFacts& method = window % 7 > 4 ? collapsed : plain;
    for (Guard* guard : {&whole, &loaded}) {
      guard->check_window(usable(64));
      if (guard->check_plain(plain).method_answers) {
        const StepResult result = update();
        guard->check_step({result, method, &plain});
      }
    }
    MemoryState after;
    MemoryState wanted;
    loaded.save(after, "guard");
    whole.save(wanted, "guard");
    ASSERT_EQ(after, wanted) << window;
  }
  EXPECT_GT(whole.counters()[GuardReason::Collapse], 0);
}

TEST(Guard, NamesAndCounters) {
  GuardCounters counters;
  EXPECT_EQ(counters_text(counters), "");
  counters.add(GuardReason::WarmingUp);
  counters.add(GuardReason::NearDuplicates);
  counters.add(GuardReason::NearDuplicates);
  EXPECT_EQ(counters_text(counters), "near_duplicates 2, warming_up 1");
  EXPECT_STREQ(state_name(GuardState::Fallback), "fallback");
  EXPECT_THROW(counters.assign({1, 2}), Error);
  EXPECT_THROW(Guard(
                   [] {
                     GuardOptions options;
                     options.least_images = -1;
                     return options;
                   }(),
                   {}),
               Error);
}

}  // namespace
}  // namespace zoa
