// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/eva0.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method_contract.h"

namespace zoa {
namespace {

constexpr std::size_t kParameters = 2 * FakeForward::kLayers * FakeForward::kWidth;

struct Trial {
  explicit Trial(const Eva0Options& options)
      : forward(Family::Vit, eva0_info(options, fake_model(Family::Vit))),
        method(make_eva0(options, 3, forward.info(), make_fake_stats(forward.info()))) {}
  MemoryState saved() const { return save(*method); }
  std::vector<float> offsets() const { return saved().get_f32("eva0.offsets"); }
  FakeForward forward;
  std::unique_ptr<Method> method;
};

TEST(Eva0, SignsAreAFunctionOfSeedStepAndImage) {
  std::vector<float> first(100);
  fill_signs(1, 2, 3, first);
  EXPECT_TRUE(std::all_of(first.begin(), first.end(), [](float v) { return v * v == 1; }));
  EXPECT_LT(std::abs(std::accumulate(first.begin(), first.end(), 0.0F)), 40);
  std::vector<float> other(100);
  fill_signs(1, 2, 3, other);
  EXPECT_EQ(first, other);
  for (const std::array<std::uint64_t, 3>& place :
       {std::array<std::uint64_t, 3>{2, 2, 3}, {1, 3, 3}, {1, 2, 4}}) {
    fill_signs(place[0], place[1], place[2], other);
    EXPECT_NE(first, other);
  }
}

TEST(Eva0, TheEntropyDoesNotSeeTheSizeOfTheLogits) {
  const std::vector<double> mean = {1, 0, -1};
  const std::vector<float> logits = {3, 1, 2};
  std::vector<float> larger = {23, 3, 13};  // 10 times, moved
  EXPECT_NEAR(compute_scaled_entropy(logits, mean), compute_scaled_entropy(larger, mean), 1e-6);
  // Size of both is sqrt(2 / 3), so the logits are taken as they are.
  const double sum = std::exp(2.0) + std::exp(1.0) + 1;
  const double entropy = std::log(sum) - (2 * std::exp(2.0) + std::exp(1.0)) / sum;
  EXPECT_NEAR(compute_scaled_entropy(logits, mean), entropy, 1e-6);
  const std::vector<float> flat(3);
  EXPECT_NEAR(compute_scaled_entropy(flat, mean), std::log(3.0), 1e-12);
}

// One image: the step is -lr * (loss+ - loss-) / (2 c) along its signs.
TEST(Eva0, FirstStepByHand) {
  const Eva0Options options;
  Trial trial(options);
  const StepResult result = trial.method->step(make_fake_batch(1, 1, 0.5), trial.forward);
  EXPECT_EQ(trial.forward.passes(), 2U);
  ASSERT_TRUE(result.updated && result.loss_perturbed);
  trial.method->accept();
  std::vector<float> signs(kParameters);
  fill_signs(3, 0, 0, signs);
  const double derivative = (result.loss - *result.loss_perturbed) / (2 * options.c);
  ASSERT_GT(std::abs(derivative), 1e-3);
  const std::vector<float> offsets = trial.offsets();
  for (std::size_t i = 0; i < kParameters; ++i) {
    EXPECT_NEAR(offsets[i], -options.lr * derivative * static_cast<double>(signs[i]), 1e-9);
  }
}

TEST(Eva0, EachImageHasItsOwnDirection) {
  const Eva0Options options;
  Trial trial(options);
  const Batch batch = make_fake_batch(2, 1, 0.5);
  const StepResult result = trial.method->step(batch, trial.forward);
  // The answer is the mean of the pair, each image at its own parameters.
  std::vector<float> wanted(result.logits.size());
  for (const float side : {1.0F, -1.0F}) {
    std::vector<float> values;
    const ModelInfo& info = trial.forward.info();
    std::vector<std::vector<float>> signs(2, std::vector<float>(kParameters));
    fill_signs(3, 0, 0, signs[0]);
    fill_signs(3, 0, 1, signs[1]);
    std::vector<std::vector<float>> slots;
    std::size_t first = 0;
    for (const SlotInfo& slot : info.slots) {
      slots.emplace_back();
      for (std::size_t i = 0; i < 2 * slot.size; ++i) {
        const std::size_t j = i % slot.size;
        slots.back().push_back(slot.neutral[j] + side * 0.02F * signs[i / slot.size][first + j]);
      }
      first += slot.size;
    }
    trial.forward.begin(batch);
    const PassOutput output = trial.forward.pass(SlotValues(slots.begin(), slots.end()));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      wanted[i] += output.answer[i] / 2;
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(result.logits[i], wanted[i], 1e-5);
  }
}

TEST(Eva0, LearnsInsideADomain) {
  Trial trial(Eva0Options{});
  const Batch probe = make_fake_batch(256, 999, 0.5);
  const auto loss = [&] {
    const StepResult result = trial.method->step(probe, trial.forward);
    trial.method->discard();
    return (result.loss + result.loss_perturbed.value_or(0)) / 2;
  };
  const double before = loss();
  for (std::uint64_t step = 0; step < 200; ++step) {
    trial.method->step(make_fake_batch(64, step, 0.5), trial.forward);
    trial.method->accept();
  }
  EXPECT_LT(loss(), before - 0.3);
}

TEST(Eva0, StepAndOffsetsAreBounded) {
  Eva0Options options;
  options.lr = 1;
  options.max_step = 0.01;
  const auto norm = [](const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) {
      sum += static_cast<double>(value) * static_cast<double>(value);
    }
    return std::sqrt(sum);
  };
  Trial small(options);
  small.method->step(make_fake_batch(64, 1, 2.0), small.forward);
  small.method->accept();
  EXPECT_NEAR(norm(small.offsets()), 0.01, 1e-6);
  options.max_step = 100;
  Trial large(options);
  for (std::uint64_t step = 0; step < 3; ++step) {
    large.method->step(make_fake_batch(64, step, 2.0), large.forward);
    large.method->accept();
  }
  EXPECT_LT(norm(large.offsets()) / std::sqrt(static_cast<double>(kParameters)), 0.05 + 1e-6);
}

TEST(Eva0, TheAnchorLineLeadsBack) {
  // Nothing but the decay moves the offsets when the step size is 0.
  Eva0Options options;
  Trial trial(options);
  trial.method->step(make_fake_batch(64, 1, 2.0), trial.forward);
  trial.method->accept();
  MemoryState state = trial.saved();
  options.lr = 0;
  Trial still(options);
  still.method->load(state);
  const std::vector<float> before = still.offsets();
  still.method->step(make_fake_batch(64, 2, 2.0), still.forward);
  still.method->accept();
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_FLOAT_EQ(still.offsets()[i], 0.999F * before[i]);
  }
  // All directions on the line: the step is along the offsets.
  options.lr = 1e-3;
  options.anchor_every = 1;
  Trial line(options);
  line.method->load(state);
  line.method->step(make_fake_batch(8, 2, 2.0), line.forward);
  line.method->accept();
  const std::vector<float> after = line.offsets();
  for (std::size_t i = 1; i < before.size(); ++i) {
    EXPECT_NEAR(after[i] * before[0], after[0] * before[i], 1e-9);
  }
}

TEST(Eva0, LoadRefusesWhatDoesNotFit) {
  Trial trial(Eva0Options{});
  MemoryState state = trial.saved();
  state.put_f32("eva0.offsets", std::vector<float>(3));
  EXPECT_THROW(trial.method->load(state), Error);
  state.put_f32("eva0.offsets", std::vector<float>(kParameters, std::nanf("")));
  EXPECT_THROW(trial.method->load(state), Error);
}

}  // namespace
}  // namespace zoa
