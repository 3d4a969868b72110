// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pace.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/pace_bank.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/subspace.h"

namespace zoa {
namespace {

constexpr std::size_t kParameters = 2 * FakeForward::kLayers * FakeForward::kWidth;
const std::vector<std::string> kNothing;

std::unique_ptr<Method> make(const FakeForward& forward, const OptionValues& overrides = {}) {
  return make_method("pace", overrides, 5, forward.info(), make_fake_stats(forward.info()));
}

StepResult run(Method& method, FakeForward& forward, std::uint64_t seed, double mean) {
  StepResult result = method.step(make_fake_batch(64, seed, mean), forward);
  method.accept();
  return result;
}

TEST(PaceBank, DropsTheMostRedundant) {
  PaceBank bank(2, 3);
  EXPECT_FALSE(bank.insert(std::vector<double>{1, 0}).has_value());
  bank.insert(std::vector<double>{0, 5});
  bank.insert(std::vector<double>{-1, 0});
  // Sums of cosines: (1, 0): 0 - 1 + 0.6; (0, 5): 0.8; (-1, 0): -1 - 0.6; (3, 4): 0.8 + 0.
  EXPECT_EQ(bank.insert(std::vector<double>{3, 4}), 1U);
  ASSERT_EQ(bank.size(), 3U);
  EXPECT_EQ(bank.entry(1)[0], -1);
  EXPECT_EQ(bank.entry(2)[1], 4);
  MemoryState state;
  bank.save(state, "x");
  PaceBank small(2, 2);
  EXPECT_EQ(test::error_of([&] { small.load(state, "x"); }).first, ErrorCode::StateMismatch);
  PaceBank none(2, 0);
  none.insert(std::vector<double>{1, 0});
  EXPECT_EQ(none.size(), 0U);
}

// The first batch: candidates 0.05 N(0, I) in the subspace, two of them with two passes.
TEST(Pace, FirstStepByHand) {
  FakeForward forward;
  const auto method = make(forward, {{"passes", "2"}, {"width", "6"}});
  const StepResult result = run(*method, forward, 1, 0.5);
  EXPECT_EQ(forward.passes(), 2U);

  const Subspace subspace(5, 6, kParameters);
  const std::vector<double> normals = draw_normals(5, 0, RngPurpose::SearchNormals, 12);
  double best = 0;
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<double> candidate(normals.begin() + static_cast<std::ptrdiff_t>(6 * k),
                                  normals.begin() + static_cast<std::ptrdiff_t>(6 * k + 6));
    for (double& value : candidate) {
      value *= 0.05;
    }
    const std::vector<float> offsets = to_floats(subspace.project(candidate));
    SlotValues slots;
    std::vector<std::vector<float>> values;
    for (std::size_t s = 0; s < 4; ++s) {  // gamma, beta, gamma, beta
      std::vector<float> slot(FakeForward::kWidth, s % 2 == 0 ? 1.0F : 0.0F);
      for (std::size_t i = 0; i < slot.size(); ++i) {
        slot[i] += offsets[s * slot.size() + i];
      }
      values.push_back(slot);
    }
    slots.assign(values.begin(), values.end());
    slots.emplace_back();
    const PassOutput output = forward.pass(slots);
    const double loss =
        compute_fitness(forward.info(), make_fake_stats(forward.info()), 0.4, output).total;
    if (k == 0 || loss < best) {
      best = loss;
      EXPECT_TRUE(k == 0 || std::ranges::equal(output.answer, result.logits));
    }
  }
  EXPECT_NEAR(result.loss, best, 1e-9);
}

TEST(Pace, AChangeFillsTheBankAndTheNextBatchLooksIntoIt) {
  FakeForward forward;
  const auto method = make(forward, {{"threshold", "0.5"}, {"stop", "0"}});
  run(*method, forward, 1, 0);
  EXPECT_EQ(forward.passes(), 28U);
  run(*method, forward, 2, 0);
  const std::vector<double> before = save(*method).get_f64("pace.search.mean");
  const StepResult change = run(*method, forward, 3, 3);
  EXPECT_TRUE(change.domain_changed);
  EXPECT_EQ(change.bank_entries, 1U);
  EXPECT_EQ(forward.passes(), 28U);  // served with the old search
  const MemoryState state = save(*method);
  EXPECT_EQ(state.get_f64("pace.search.mean"), std::vector<double>(kParameters));
  EXPECT_TRUE(state.get_f64("pace.feature_mean").empty());
  EXPECT_NE(state.get_f64("pace.bank"), before);  // after the boundary batch's own update
  EXPECT_EQ(state.get_f64("pace.bank").size(), kParameters);

  const StepResult probed = run(*method, forward, 4, 3);
  EXPECT_EQ(forward.passes(), 27U);  // zero, the entry and 25 new candidates
  EXPECT_FALSE(probed.domain_changed);
  run(*method, forward, 5, 3);
  EXPECT_EQ(forward.passes(), 28U);
}

// A domain that comes back: its entry answers from the second batch on.
TEST(Pace, TheBankBringsBackWhatWasLearnt) {
  FakeForward forward;
  const OptionValues options = {{"threshold", "0.5"}, {"stop", "0"}, {"sigma", "0.3"}};
  const auto method = make(forward, options);
  const OptionValues forgetful = {
      {"threshold", "0.5"}, {"stop", "0"}, {"sigma", "0.3"}, {"bank_size", "0"}};
  const auto other = make(forward, forgetful);
  for (Method* one : {method.get(), other.get()}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      run(*one, forward, seed, 2);
    }
    run(*one, forward, 30, -2);
    run(*one, forward, 31, 2);  // back again
  }
  EXPECT_LT(run(*method, forward, 32, 2).loss, run(*other, forward, 32, 2).loss);
}

TEST(Pace, StopsAndWakesUp) {
  FakeForward forward;
  const auto method = make(forward, {{"threshold", "0.5"}, {"stop", "1000"}});
  run(*method, forward, 1, 0);  // from 0: no share to speak of
  EXPECT_EQ(save(*method).get_i64("pace.flags")[0], 0);
  run(*method, forward, 2, 0);
  EXPECT_EQ(save(*method).get_i64("pace.flags")[0], 1);
  const MemoryState before = save(*method);
  const StepResult frozen = run(*method, forward, 3, 0.1);
  EXPECT_EQ(forward.passes(), 1U);
  EXPECT_TRUE(frozen.updated);
  const MemoryState after = save(*method);
  EXPECT_EQ(after.get_f64("pace.search.mean"), before.get_f64("pace.search.mean"));
  EXPECT_EQ(after.get_f64("pace.stem_mean"), before.get_f64("pace.stem_mean"));
  EXPECT_NE(after.get_f64("pace.feature_mean"), before.get_f64("pace.feature_mean"));
  EXPECT_TRUE(run(*method, forward, 4, 3).domain_changed);
  EXPECT_EQ(forward.passes(), 1U);
  run(*method, forward, 5, 3);
  EXPECT_EQ(forward.passes(), 27U);
}

TEST(Pace, NeverMorePassesThanItSays) {
  struct Budget {
    const char* passes;
    const char* extra;
    const char* bank;
    std::size_t most;
  };
  constexpr Budget kBudgets[] = {
      {"28", "0", "30", 28}, {"28", "26", "30", 54}, {"28", "3", "1", 28}, {"2", "0", "30", 2},
      {"3", "0", "30", 3},   {"6", "0", "2", 6},     {"4", "2", "30", 6},  {"5", "0", "0", 5}};
  for (const Budget& budget : kBudgets) {
    FakeForward forward;
    const auto method = make(forward, {{"passes", budget.passes},
                                       {"extra_probes", budget.extra},
                                       {"bank_size", budget.bank},
                                       {"threshold", "0.5"},
                                       {"stop", "0"}});
    EXPECT_EQ(method->info().most_passes, budget.most);
    std::size_t most = 0;
    for (std::uint64_t step = 0; step < 72; ++step) {
      run(*method, forward, step, step / 2 % 2 == 0 ? 0 : 3);
      most = std::max(most, forward.passes());
    }
    EXPECT_EQ(most, budget.most) << budget.passes << " " << budget.extra << " " << budget.bank;
  }
}

TEST(Pace, OtherBudgetsKeepTheContract) {
  EXPECT_EQ(check_method("pace", {{"passes", "2"}, {"bank_size", "1"}}), kNothing);
  EXPECT_EQ(check_method("pace", {{"passes", "4"}, {"bank_size", "2"}, {"extra_probes", "9"}}),
            kNothing);
  EXPECT_EQ(check_method("pace", {{"passes", "3"}, {"stop", "1000"}, {"width", "5"}}), kNothing);
  EXPECT_EQ(check_method("pace", {{"bank_size", "0"}, {"strategy", "full"}}), kNothing);
}

TEST(Pace, DefaultsFollowTheFamily) {
  EXPECT_EQ(default_pace_options({}).threshold, 0.03);
  EXPECT_EQ(default_pace_options(fake_model(Family::Cnn)).lambda, 1);
  const FakeForward forward;
  const auto method = make(forward);
  MemoryState state = save(*method);
  state.put_i64("pace.flags", std::vector<std::int64_t>{0});
  EXPECT_EQ(test::error_of([&] { method->load(state); }).first, ErrorCode::StateMismatch);
}

}  // namespace
}  // namespace zoa
