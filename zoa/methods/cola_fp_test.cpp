// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cola_fp.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/cola_knowledge.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method_contract.h"

namespace zoa {
namespace {

constexpr std::size_t kParameters = 2 * FakeForward::kLayers * FakeForward::kWidth;

// What zoa knows after three domains: two entries and its present offsets.
MemoryState zoa_state(Family family = Family::Vit) {
  FakeForward forward(family);
  const auto zoa = make_method("zoa", {{"lr", "0.01"}, {"shift", "false"}, {"alpha_scale", "5"}}, 1,
                               forward.info(), make_fake_stats(forward.info()));
  for (std::uint64_t step = 0; step < 12; ++step) {
    const double mean = step < 4 ? 0 : step < 8 ? 3 : -3;
    zoa->step(make_fake_batch(64, step, mean), forward);
    zoa->accept();
  }
  return save(*zoa);
}

struct Trial {
  explicit Trial(const ColaFpOptions& options = {})
      : forward(Family::Vit, cola_fp_info(options, fake_model(Family::Vit))),
        method(make_cola_fp(options, 1, forward.info(), make_fake_stats(forward.info()))) {}
  FakeForward forward;
  std::unique_ptr<Method> method;
};

TEST(ColaKnowledge, WeightsByHand) {
  ColaKnowledge knowledge;
  knowledge.add({{1, 2}, {{0}, {1}}});
  knowledge.add({{10, 20}, {{1}, {1}}});
  // Distances 0 and 1 / 2 + 1 / 2; scores 1 / 1e-4 / 5000 = 2, 1 / 1.0001 / 5000.
  const std::vector<double> weights = knowledge.weights({{0}, {1}}, 5000, 1e-4);
  const double zero = std::exp(1.0);  // 1 / 2e-4 / 5000
  const double near = std::exp(2.0);
  const double far = std::exp(1 / 1.0001 / 5000);
  ASSERT_EQ(weights.size(), 3U);
  EXPECT_NEAR(weights[0], zero / (zero + near + far), 1e-6);
  EXPECT_NEAR(weights[1], near / (zero + near + far), 1e-6);
  EXPECT_NEAR(weights[2], far / (zero + near + far), 1e-6);
  const std::vector<double> half = {0.25, 0.5, 0.25};
  EXPECT_EQ(knowledge.mixture(half, 2), (std::vector<double>{3, 6}));
}

TEST(ColaFp, WithoutKnowledgeItIsTheShippedModel) {
  Trial trial;
  for (std::uint64_t step = 0; step < 3; ++step) {
    const Batch batch = make_fake_batch(64, step, 1.0);
    const StepResult result = trial.method->step(batch, trial.forward);
    EXPECT_EQ(trial.forward.passes(), 1U);
    trial.method->accept();
    trial.forward.begin(batch);
    const PassOutput plain = trial.forward.pass(SlotValues(trial.forward.info().slots.size()));
    EXPECT_TRUE(std::equal(plain.answer.begin(), plain.answer.end(), result.logits.begin()));
  }
}

TEST(ColaFp, TakesWhatZoaKnows) {
  MemoryState zoa = zoa_state();
  Trial trial;
  trial.method->load(zoa);
  const MemoryState state = save(*trial.method);
  const std::vector<float> offsets = state.get_f32("cola-fp.offsets");
  ASSERT_EQ(offsets.size(), 3 * kParameters);
  const std::vector<float> bank = zoa.get_f32("zoa.bank");
  EXPECT_TRUE(std::equal(bank.begin(), bank.end(), offsets.begin()));
  const std::vector<double> means = state.get_f64("cola-fp.domain_mean");
  ASSERT_EQ(means.size(), 3 * FakeForward::kWidth);
  EXPECT_NEAR(means[0], 0, 0.2);
  EXPECT_NEAR(means[4], 3, 0.2);
  EXPECT_NEAR(means[8], -3, 0.2);
  // The last one is zoa's present mixture, softmax(5 alpha) as it ran, plus eps.
  const std::vector<double> alpha = zoa.get_f64("zoa.alpha");
  const std::vector<float> eps = zoa.get_f32("zoa.eps");
  double sum = 0;
  for (const double value : alpha) {
    sum += std::exp(5 * value);
  }
  for (std::size_t i = 0; i < kParameters; ++i) {
    const double wanted =
        std::exp(5 * alpha[1]) / sum * static_cast<double>(bank[i]) +
        std::exp(5 * alpha[2]) / sum * static_cast<double>(bank[kParameters + i]) +
        static_cast<double>(eps[i]);
    EXPECT_NEAR(offsets[2 * kParameters + i], wanted, 1e-6);
  }
}

TEST(ColaFp, TheNearestDomainAnswersFromTheSecondBatchOn) {
  MemoryState zoa = zoa_state();
  Trial trial;
  trial.method->load(zoa);
  const std::vector<float> bank = zoa.get_f32("zoa.bank");
  for (const std::uint64_t step : {0U, 1U}) {
    const Batch batch = make_fake_batch(64, 40 + step, 3.0);
    const StepResult result = trial.method->step(batch, trial.forward);
    EXPECT_TRUE(result.updated);
    EXPECT_EQ(result.bank_entries, 3U);
    trial.method->accept();
    // The first batch is answered as shipped, the second by the second entry alone: the next
    // distance is hundreds of times larger.
    std::vector<std::vector<float>> slots;
    std::size_t first = kParameters;
    for (const SlotInfo& slot : trial.forward.info().slots) {
      slots.push_back(slot.neutral);
      for (std::size_t j = 0; j < slot.size && step == 1; ++j) {
        slots.back()[j] += bank[first + j];
      }
      first += slot.size;
    }
    trial.forward.begin(batch);
    const PassOutput wanted = trial.forward.pass(SlotValues(slots.begin(), slots.end()));
    for (std::size_t i = 0; i < wanted.answer.size(); ++i) {
      EXPECT_NEAR(result.logits[i], wanted.answer[i], 1e-3) << step;
    }
  }
}

TEST(ColaFp, KeepsTheContractWithKnowledge) {
  const auto make = [](std::uint64_t seed, const ModelInfo& model, const SourceStats& stats) {
    auto method = make_method("cola-fp", {}, seed, model, stats);
    MemoryState state = zoa_state(model.family);
    method->load(state);
    return method;
  };
  const auto needs = [](const ModelInfo& model) { return method_needs("cola-fp", {}, model); };
  EXPECT_EQ(check_method(make, needs), std::vector<std::string>{});
}

TEST(ColaFp, RefusesStatesThatDoNotFit) {
  Trial trial;
  const MemoryState before = save(*trial.method);
  const auto refuses = [&](MemoryState state) {
    EXPECT_THROW(trial.method->load(state), Error);
    EXPECT_TRUE(before == save(*trial.method));
  };
  MemoryState zoa = zoa_state();
  zoa.put_f32("zoa.eps", std::vector<float>(3));
  refuses(zoa);
  zoa = zoa_state();
  zoa.put_f64("zoa.bank_stem_mean", std::vector<double>(2));
  zoa.put_f64("zoa.bank_stem_variance", std::vector<double>(2));
  refuses(zoa);
  FakeForward forward;
  const auto fresh = make_method("zoa", {}, 1, forward.info(), make_fake_stats(forward.info()));
  refuses(save(*fresh));
  MemoryState own = before;
  own.put_f32("cola-fp.offsets", std::vector<float>(kParameters - 1));
  refuses(own);
  ModelInfo no_stem = forward.info();
  no_stem.stem_channels = 0;
  EXPECT_THROW(make_cola_fp({}, 1, no_stem, {}), Error);
}

}  // namespace
}  // namespace zoa
