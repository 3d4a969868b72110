// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/fozo.h"

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
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::size_t kPrompts = 3 * FakeForward::kWidth;

std::unique_ptr<Method> make(const FakeForward& forward, const OptionValues& overrides = {}) {
  return make_method("fozo", overrides, 5, forward.info(), make_fake_stats(forward.info()));
}

TEST(Fozo, FirstStepByHand) {
  FakeForward forward(Family::Vit, fozo_info({}, {}));
  const auto method = make(forward);
  const std::vector<double> start = save(*method).get_f64("fozo.prompts");
  for (const double value : start) {
    EXPECT_LE(std::abs(value), std::sqrt(6.0 / (768 + 4)));
  }
  const StepResult result = method->step(make_fake_batch(32, 1, 0.5), forward);
  EXPECT_EQ(forward.passes(), 2U);
  method->accept();

  const std::vector<double> z = draw_normals(5, 0, RngPurpose::FozoDirection, kPrompts);
  const auto side = [&](double sign) {
    std::vector<double> prompts = start;
    for (std::size_t i = 0; i < kPrompts; ++i) {
      prompts[i] += sign * 0.5 * z[i];
    }
    const std::vector<float> values = to_floats(prompts);
    const PassOutput output = forward.pass({values, {}});
    return std::pair(
        compute_fitness(forward.info(), make_fake_stats(forward.info()), 0.4, output).total,
        std::vector<float>(output.answer.begin(), output.answer.end()));
  };
  const auto [plus, plus_answer] = side(1);
  const auto [minus, minus_answer] = side(-1);
  EXPECT_EQ(result.logits, plus < minus ? plus_answer : minus_answer);
  EXPECT_DOUBLE_EQ(result.loss, std::min(plus, minus));
  EXPECT_DOUBLE_EQ(*result.loss_perturbed, std::max(plus, minus));

  // lr = 0.7 * 0.08 + 0.1; the gradient belongs to sums over 32 images and the old radius.
  const double gradient = 32 * (plus - minus) / (2 * 0.5);
  const std::vector<double> prompts = save(*method).get_f64("fozo.prompts");
  for (std::size_t i = 0; i < kPrompts; ++i) {
    EXPECT_NEAR(prompts[i], start[i] - 0.156 * gradient * z[i], 1e-9);
  }
  const std::vector<double> schedule = save(*method).get_f64("fozo.schedule");
  EXPECT_DOUBLE_EQ(schedule[0], 0.45);
  EXPECT_DOUBLE_EQ(schedule[1], 0.156);
  EXPECT_DOUBLE_EQ(schedule[2], result.loss);
}

TEST(Fozo, TheScheduleSettlesAndStartsAnewAfterARise) {
  FakeForward forward(Family::Vit, fozo_info({}, {}));
  // No entropy to speak of, no shift, prompts that hardly move: the loss is the batch's distance.
  const auto method = make(forward, {{"least_lr", "0"}, {"lr_step", "0"}, {"lr", "0"}});
  const auto step = [&](double mean) {
    method->step(make_fake_batch(64, 1, mean), forward);
    method->accept();
    return save(*method).get_f64("fozo.schedule");
  };
  for (int i = 0; i < 10; ++i) {
    step(0);
  }
  EXPECT_DOUBLE_EQ(step(0)[0], 0.2);  // the floor
  EXPECT_DOUBLE_EQ(step(20)[0], 0.5);

  // Without alarms the step size settles where 0.7 lr + 0.1 = lr.
  const auto calm = make(forward, {{"alarm", "1000"}});
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    calm->step(make_fake_batch(64, seed), forward);
    calm->accept();
  }
  EXPECT_NEAR(save(*calm).get_f64("fozo.schedule")[1], 1.0 / 3, 1e-5);
}

TEST(Fozo, TheDoubledShiftIsAnAblation) {
  FakeForward forward(Family::Vit, fozo_info({}, {}));
  const auto plain = make(forward);
  const auto doubled = make(forward, {{"doubled_shift", "true"}});
  for (Method* method : {plain.get(), doubled.get()}) {
    method->step(make_fake_batch(64, 1, 1), forward);
    method->accept();
  }
  const std::vector<double> mean = save(*plain).get_f64("fozo.feature_mean");
  const std::vector<double> twice = save(*doubled).get_f64("fozo.feature_mean");
  for (std::size_t i = 0; i < mean.size(); ++i) {
    EXPECT_DOUBLE_EQ(twice[i], 2 * mean[i]);
  }
}

TEST(Fozo, TheEntropyIsTheShiftedAnswers) {
  FakeForward forward(Family::Vit, fozo_info({}, {}));
  const auto method = make(forward);
  method->step(make_fake_batch(64, 1, 1), forward);
  method->accept();
  const StepResult result = method->step(make_fake_batch(64, 2, 1), forward);
  EXPECT_DOUBLE_EQ(result.entropy, compute_entropy(result.logits, FakeForward::kClasses));
}

TEST(Fozo, RefusesCnnsAndForeignStates) {
  const auto [code, text] = test::error_of([] { fozo_info({}, fake_model(Family::Cnn)); });
  EXPECT_EQ(code, ErrorCode::UnsupportedModel);
  EXPECT_NE(text.find("is a CNN"), std::string::npos) << text;

  const FakeForward forward(Family::Vit, fozo_info({}, {}));
  const auto method = make(forward);
  MemoryState state = save(*method);
  state.put_f64("fozo.prompts", std::vector<double>(3));
  EXPECT_EQ(test::error_of([&] { method->load(state); }).first, ErrorCode::StateMismatch);
  state = save(*method);
  state.put_f64("fozo.schedule", std::vector<double>{0, 0.1});
  EXPECT_EQ(test::error_of([&] { method->load(state); }).first, ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
