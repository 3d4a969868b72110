// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/foa.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::size_t kPrompts = 3 * FakeForward::kWidth;
const std::vector<std::string> kNothing;

std::unique_ptr<Method> make(const FakeForward& forward, const OptionValues& overrides = {}) {
  return make_method("foa", overrides, 5, forward.info(), make_fake_stats(forward.info()));
}

// What the first two batches must do, with nothing but passes, the loss and sums.
TEST(Foa, TwoStepsByHand) {
  FakeForward forward(Family::Vit, foa_info({}, {}));
  const auto method = make(forward, {{"passes", "5"}});
  const Batch batch = make_fake_batch(64, 1, 0.5);
  const SourceStats stats = make_fake_stats(forward.info());
  const auto run = [&](std::span<const double> prompts, std::span<const float> shift) {
    const std::vector<float> values = to_floats(prompts);
    return forward.pass({values, shift});
  };

  const StepResult first = method->step(batch, forward);
  EXPECT_EQ(forward.passes(), 5U);
  method->accept();
  const std::vector<double> normals = draw_normals(5, 0, RngPurpose::SearchNormals, 4 * kPrompts);
  std::vector<std::vector<double>> candidates;
  for (std::size_t k = 0; k < 4; ++k) {  // mean 0, sigma 1
    const auto row = std::span(normals).subspan(k * kPrompts, kPrompts);
    candidates.emplace_back(row.begin(), row.end());
  }
  candidates.push_back(
      draw_uniform(5, RngPurpose::SearchStart, std::sqrt(6.0 / (768 + 4)), kPrompts));
  std::vector<double> losses;
  std::vector<double> feature_mean(FakeForward::kWidth);
  for (const std::vector<double>& candidate : candidates) {
    const BatchLoss loss = compute_fitness(forward.info(), stats, 0.4, run(candidate, {}));
    losses.push_back(loss.total);
    for (std::size_t i = 0; i < feature_mean.size(); ++i) {
      feature_mean[i] += loss.moments.mean[FakeForward::kWidth + i] / 5;
    }
  }
  std::vector<std::size_t> order(5);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return losses[a] < losses[b]; });
  const std::vector<double>& best = candidates[order[0]];
  EXPECT_DOUBLE_EQ(first.loss, losses[order[0]]);
  const PassOutput wanted = run(best, {});  // no shift yet
  EXPECT_TRUE(std::ranges::equal(wanted.answer, first.logits));

  const MemoryState state = save(*method);
  EXPECT_EQ(state.get_f64("foa.best"), best);
  const std::vector<double> running = state.get_f64("foa.feature_mean");
  ASSERT_EQ(running.size(), FakeForward::kWidth);
  for (std::size_t i = 0; i < running.size(); ++i) {
    EXPECT_NEAR(running[i], feature_mean[i], 1e-12);
  }
  // Four candidates have two parents, with weights of log(2.5) and log(2.5) - log(2).
  const double sum = 2 * std::log(2.5) - std::log(2.0);
  const std::vector<double> mean = state.get_f64("foa.search.mean");
  for (std::size_t i = 0; i < kPrompts; ++i) {
    EXPECT_NEAR(mean[i],
                std::log(2.5) / sum * best[i] + std::log(1.25) / sum * candidates[order[1]][i],
                1e-12);
  }

  // The second batch tries the best of the first again and shifts the answer.
  const StepResult second = method->step(batch, forward);
  EXPECT_LE(second.loss, first.loss);
  method->accept();
  std::vector<float> shift(running.size());
  std::transform(running.begin(), running.end(), shift.begin(),
                 [](double value) { return static_cast<float>(0 - value); });
  const PassOutput shifted = run(save(*method).get_f64("foa.best"), shift);
  EXPECT_TRUE(std::ranges::equal(shifted.answer, second.logits));
}

TEST(Foa, TwoPassesAreTwoNewCandidates) {
  FakeForward forward(Family::Vit, foa_info({}, {}));
  const auto method = make(forward, {{"passes", "2"}});
  EXPECT_EQ(method->info().most_passes, 2U);
  method->step(make_fake_batch(64, 1), forward);
  EXPECT_EQ(forward.passes(), 2U);
  method->accept();
  // One parent: the mean is the better candidate.
  EXPECT_EQ(save(*method).get_f64("foa.search.mean"), save(*method).get_f64("foa.best"));
}

TEST(Foa, TheFilterOfACnnStartsKaimingNormal) {
  FakeForward forward(Family::Cnn, foa_info({}, fake_model(Family::Cnn)));
  const auto method = make(forward);
  const std::vector<double> start = save(*method).get_f64("foa.search.mean");
  ASSERT_EQ(start.size(), 4U * 4 * 49);
  double squares = 0;
  for (const double value : start) {
    squares += value * value;
  }
  EXPECT_NEAR(squares / static_cast<double>(start.size()), 2.0 / (4 * 49), 2e-3);
  EXPECT_EQ(save(*method).get_f64("foa.best"), start);
  EXPECT_EQ(save(*method).get_f64("foa.search.covariance").size(), start.size());  // its diagonal
  EXPECT_TRUE(method->info().uses_batch_statistics);
}

TEST(Foa, LearnsInsideADomain) {
  FakeForward forward(Family::Vit, foa_info({}, {}));
  const auto method = make(forward);
  const auto loss_at = [&](std::uint64_t seed) {
    const double loss = method->step(make_fake_batch(64, seed, 2), forward).loss;
    method->accept();
    return loss;
  };
  const double first = loss_at(1);
  for (std::uint64_t seed = 2; seed < 40; ++seed) {
    loss_at(seed);
  }
  EXPECT_LT(loss_at(40), first - 0.1);
}

TEST(Foa, OtherBudgetsAndFormsKeepTheContract) {
  EXPECT_EQ(check_method("foa", {{"passes", "2"}, {"strategy", "separable"}}), kNothing);
  EXPECT_EQ(check_method("foa", {{"passes", "3"}, {"strategy", "isotropic"}}), kNothing);
}

TEST(Foa, TheFullFormHasALimit) {
  FakeForward forward(Family::Vit, foa_info({}, {}));
  const auto method = make(forward, {{"strategy", "full"}});
  EXPECT_TRUE(method->step(make_fake_batch(64, 1), forward).updated);
  ModelInfo wide = forward.info();
  wide.slots.front().size = 1001;
  const auto [code, text] = test::error_of(
      [&] { make_method("foa", {{"strategy", "full"}}, 1, wide, make_fake_stats(wide)); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("the limit is 1000"), std::string::npos) << text;
  EXPECT_EQ(test::error_of([&] { make(forward, {{"strategy", "round"}}); }).first,
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
