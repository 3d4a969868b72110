// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_method.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method_contract.h"

namespace zoa {
namespace {

constexpr std::size_t kParameters = 2 * FakeForward::kLayers * FakeForward::kWidth;

// All components 0.5 * (-1)^index, for every step.
class PlainDirections : public Directions {
 public:
  void eps(std::uint64_t /*step*/, std::span<double> out) override { fill(out); }
  void alpha(std::uint64_t /*step*/, std::span<double> out) override { fill(out); }

 private:
  static void fill(std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = i % 2 == 0 ? 0.5 : -0.5;
    }
  }
};

ZoaOptions options() {
  ZoaOptions options;
  options.alpha_init = "0.25";
  return options;
}

TEST(Zoa, FirstStepByHand) {
  FakeForward forward;
  const auto method = make_zoa(options(), 1, forward.info(), make_fake_stats(forward.info()),
                               std::make_unique<PlainDirections>());
  const StepResult result = method->step(make_fake_batch(64, 1), forward);
  EXPECT_EQ(forward.passes(), 2U);
  EXPECT_TRUE(result.updated);
  EXPECT_FALSE(result.domain_distance.has_value());
  EXPECT_DOUBLE_EQ(result.loss, result.entropy + 30 * *result.discrepancy);
  method->accept();

  const double difference = *result.loss_perturbed - result.loss;
  const std::vector<float> eps = save(*method).get_f32("zoa.eps");
  ASSERT_EQ(eps.size(), kParameters);
  for (std::size_t i = 0; i < eps.size(); ++i) {
    const double direction = i % 2 == 0 ? 0.5 : -0.5;
    EXPECT_FLOAT_EQ(eps[i], static_cast<float>(-5e-4 * difference / (0.02 * direction)));
  }
  EXPECT_EQ(save(*method).get_f64("zoa.alpha"), std::vector<double>{0.25});
}

TEST(Zoa, TheFirstBatchIsAnsweredAsShipped) {
  FakeForward forward;
  const auto method = make_zoa(options(), 1, forward.info(), make_fake_stats(forward.info()));
  const StepResult result = method->step(make_fake_batch(64, 1, 1.0), forward);
  const PassOutput plain = forward.pass(SlotValues(forward.info().slots.size()));
  EXPECT_TRUE(std::equal(plain.answer.begin(), plain.answer.end(), result.logits.begin()));
}

// The pass at the present parameters, as the next step will see it.
double loss_at(Method& method, FakeForward& forward, const Batch& batch) {
  const double loss = method.step(batch, forward).loss;
  method.discard();
  return loss;
}

TEST(Zoa, LearnsInsideADomain) {
  FakeForward forward;
  const auto method = make_zoa(options(), 3, forward.info(), make_fake_stats(forward.info()));
  const Batch probe = make_fake_batch(256, 999, 0.5);
  const double before = loss_at(*method, forward, probe);
  for (std::uint64_t step = 0; step < 400; ++step) {
    method->step(make_fake_batch(64, step, 0.5), forward);
    method->accept();
  }
  EXPECT_LT(loss_at(*method, forward, probe), before - 1);
}

TEST(Zoa, DomainChangeFillsTheBankAndKeepsTheAnswer) {
  FakeForward forward;
  const auto method = make_zoa(options(), 3, forward.info(), make_fake_stats(forward.info()));
  for (std::uint64_t step = 0; step < 3; ++step) {
    EXPECT_FALSE(method->step(make_fake_batch(64, step), forward).domain_changed);
    method->accept();
  }
  const StepResult result = method->step(make_fake_batch(64, 9, 2.0), forward);
  EXPECT_TRUE(result.domain_changed);
  EXPECT_GT(*result.domain_distance, 0.1);
  EXPECT_EQ(result.bank_entries, 1U);
  ASSERT_EQ(result.bank_weights.size(), 2U);
  EXPECT_NEAR(result.bank_weights[0] + result.bank_weights[1], 1, 1e-12);
  EXPECT_FALSE(result.removed_entry.has_value());
  const MemoryState before = save(*method);
  method->accept();
  const MemoryState after = save(*method);
  EXPECT_EQ(after.get_f64("zoa.alpha").size(), 2U);
  EXPECT_EQ(after.get_f32("zoa.bank"), before.get_f32("zoa.eps"));  // its whole knowledge so far
  EXPECT_EQ(after.get_f64("zoa.bank_stem_mean"), before.get_f64("zoa.stem_mean"));
  EXPECT_EQ(after.get_f64("zoa.bank_stem_variance"), before.get_f64("zoa.stem_variance"));
  EXPECT_FALSE(method->step(make_fake_batch(64, 10, 2.0), forward).domain_changed);
}

TEST(Zoa, SmallBatchesAreNotTestedForAChange) {
  FakeForward forward;
  const auto method = make_zoa(options(), 3, forward.info(), make_fake_stats(forward.info()));
  for (const double mean : {0.0, 3.0, -3.0}) {
    const StepResult result = method->step(make_fake_batch(63, 1, mean), forward);
    method->accept();
    EXPECT_FALSE(result.domain_distance.has_value());
    EXPECT_TRUE(result.updated);
  }
}

TEST(Zoa, ShiftAppliesToTheAnswerOnlyFromTheSecondBatch) {
  FakeForward forward;
  ZoaOptions still = options();
  still.lr = 0;
  const auto method = make_zoa(still, 3, forward.info(), make_fake_stats(forward.info()));
  method->step(make_fake_batch(64, 1, 0.3), forward);
  method->accept();
  const MemoryState state = save(*method);
  const std::vector<double> mean = state.get_f64("zoa.feature_mean");
  ASSERT_EQ(mean.size(), FakeForward::kWidth);

  const StepResult result = method->step(make_fake_batch(64, 2, 0.3), forward);
  SlotValues values(forward.info().slots.size());
  std::vector<float> shift(mean.size());
  std::transform(mean.begin(), mean.end(), shift.begin(),
                 [](double value) { return static_cast<float>(0 - value); });
  values.back() = shift;
  const PassOutput wanted = forward.pass(values);
  EXPECT_TRUE(std::equal(wanted.answer.begin(), wanted.answer.end(), result.logits.begin()));
}

TEST(Zoa, DefaultsFollowFamilyAndBits) {
  ModelInfo model;
  model.weight_bits = model.activation_bits = 8;
  EXPECT_EQ(default_zoa_options(model).lr, 5e-4);
  model.weight_bits = 6;
  EXPECT_EQ(default_zoa_options(model).lr, 2e-4);
  model.family = Family::Cnn;
  const ZoaOptions cnn = default_zoa_options(model);
  EXPECT_EQ(cnn.lr, 1e-4);
  EXPECT_EQ(cnn.lambda, 1);
  EXPECT_EQ(cnn.c, 0.01);
  EXPECT_EQ(cnn.threshold, 0.2);
}

TEST(Zoa, FirstAlphaIsTheNumberOrDrawnFromTheSeed) {
  EXPECT_EQ(first_alpha(options(), 1), 0.25);
  const ZoaOptions random;
  EXPECT_EQ(first_alpha(random, 1), first_alpha(random, 1));
  EXPECT_NE(first_alpha(random, 1), first_alpha(random, 2));
}

TEST(Zoa, InfoFollowsTheModel) {
  const FakeForward vit;
  ZoaOptions no_shift = options();
  no_shift.shift = false;
  const auto method = make_zoa(no_shift, 1, vit.info(), make_fake_stats(vit.info()));
  EXPECT_FALSE(method->info().uses_batch_statistics);
  EXPECT_EQ(method->info().slots.size(), 2U);
  const FakeForward cnn(Family::Cnn);
  EXPECT_TRUE(make_zoa(options(), 1, cnn.info(), make_fake_stats(cnn.info()))
                  ->info()
                  .uses_batch_statistics);
}

void expect_error(ErrorCode code, const ModelInfo& model, const SourceStats& stats) {
  try {
    make_zoa(options(), 1, model, stats);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
  }
}

TEST(Zoa, RefusesModelsAndStatisticsThatDoNotFit) {
  const FakeForward forward;
  ModelInfo model = forward.info();
  expect_error(ErrorCode::StateMismatch, model, SourceStats{});
  model.taps.clear();
  expect_error(ErrorCode::UnsupportedModel, model, make_fake_stats(forward.info()));
  model = forward.info();
  model.slots.erase(model.slots.begin(), model.slots.end() - 1);
  expect_error(ErrorCode::UnsupportedModel, model, make_fake_stats(forward.info()));
  model = forward.info();
  model.slots.back().size = 5;
  expect_error(ErrorCode::UnsupportedModel, model, make_fake_stats(forward.info()));
}

TEST(Zoa, LoadRefusesStatesOfAnotherModelOrBrokenNumbers) {
  FakeForward forward;
  const auto method = make_zoa(options(), 1, forward.info(), make_fake_stats(forward.info()));
  method->step(make_fake_batch(64, 1), forward);
  method->accept();
  const MemoryState good = save(*method);
  MemoryState bad = good;
  bad.put_f32("zoa.eps", std::vector<float>(3));
  EXPECT_THROW(method->load(bad), Error);
  bad = good;
  bad.put_f32("zoa.eps", std::vector<float>(kParameters, std::nanf("")));
  EXPECT_THROW(method->load(bad), Error);
  bad = good;
  bad.put_f64("zoa.stem_variance", std::vector<double>(FakeForward::kWidth, -1));
  EXPECT_THROW(method->load(bad), Error);
  bad = good;
  bad.put_f64("zoa.feature_mean", std::vector<double>(2));
  EXPECT_THROW(method->load(bad), Error);
  bad = good;
  bad.put_i64("zoa.counters", std::vector<std::int64_t>{1, 0, 0});
  EXPECT_THROW(method->load(bad), Error);
  EXPECT_TRUE(good == save(*method));
}

}  // namespace
}  // namespace zoa
