// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pea.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/pea_block.h"

namespace zoa {
namespace {

TEST(PeaBlock, TheCorrectionWhitensAndColours) {
  // Two groups of two channels; the second is diagonal: variances 4 and 1 become 1 and 9.
  const PeaSource source = make_pea_source({{1, 2, 3, 4}, {2, 0.5F, 0.5F, 1, 1, 0, 0, 9}}, 2);
  const BlockStats target{{-1, 0, 2, 2}, {1, -0.25F, -0.25F, 3, 4, 0, 0, 1}};
  const PeaMatrix matrix = compute_pea_matrix(source, target);
  EXPECT_NEAR((*matrix)[4], 0.5, 1e-4);
  EXPECT_NEAR((*matrix)[7], 3, 1e-3);
  const PeaCorrection whole = compute_pea_correction(source, target.mean, *matrix, 1);

  // Rows times the matrix: A' C_T A is C_S and the mean lands on the source's.
  const auto product = [&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t a = 0; a < 2; ++a) {
      for (std::size_t b = 0; b < 2; ++b) {
        sum += static_cast<double>(whole.matrix[a * 2 + i]) *
               static_cast<double>(target.covariance[a * 2 + b]) *
               static_cast<double>(whole.matrix[b * 2 + j]);
      }
    }
    return sum;
  };
  EXPECT_NEAR(product(0, 0), 2, 1e-4);
  EXPECT_NEAR(product(0, 1), 0.5, 1e-4);
  EXPECT_NEAR(product(1, 1), 1, 1e-4);
  const float moved = -1 * whole.matrix[0] + 0 * whole.matrix[2] + whole.offset[0];
  EXPECT_NEAR(moved, 1, 1e-5);

  const PeaCorrection half = compute_pea_correction(source, target.mean, *matrix, 0.5);
  EXPECT_NEAR(half.matrix[4], 0.5 + 0.5 * 0.5, 1e-4);
  EXPECT_NEAR(half.offset[2], 0.5 * (3 - 2 * 0.5), 1e-4);
  const PeaCorrection none = compute_pea_correction(source, target.mean, *matrix, 0);
  EXPECT_EQ(none.matrix, (std::vector<float>{1, 0, 0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(none.offset, std::vector<float>(4, 0.0F));
}

TEST(PeaBlock, StatisticsRunUntilTheMeanJumps) {
  const PeaTracking tracking{0.5, 4, 0.2};
  PeaBlock block;
  block.observe({{0}, {1}}, tracking);
  block.observe({{1}, {3}}, tracking);
  EXPECT_FLOAT_EQ(block.stats.mean[0], 0.5F);
  EXPECT_FLOAT_EQ(block.stats.covariance[0], 2);
  EXPECT_DOUBLE_EQ(block.drift.value_or(0), 1);
  block.matrix = std::make_shared<const std::vector<float>>(1);
  // 15.9 times the smoothed distance is no jump yet: 0.2 * 15.9 + 0.8 = 3.98.
  PeaBlock near = block;
  near.observe({{0.5F + 15.9F}, {3}}, tracking);
  EXPECT_FLOAT_EQ(near.stats.mean[0], 0.5F + 15.9F / 2);
  EXPECT_NE(near.matrix, nullptr);
  block.observe({{0.5F + 16.1F}, {3}}, tracking);
  EXPECT_FLOAT_EQ(block.stats.mean[0], 16.6F);
  EXPECT_EQ(block.matrix, nullptr);
}

TEST(Pea, WeightsAreScaledToTheUnitInterval) {
  EXPECT_EQ(compute_pea_weights({3, 1, 2}), (std::vector<double>{1, 0, 0.5}));
  EXPECT_EQ(compute_pea_weights({2, 2}), (std::vector<double>{0, 0}));
}

struct Trial {
  explicit Trial(const PeaOptions& options)
      : forward(Family::Vit, pea_info(options, fake_model(Family::Vit))),
        stats(make_fake_stats(forward.info())) {
    // Of two alike blocks: the first counts as near to clean data, the second as far (weight 1).
    for (const SiteInfo& site : forward.info().sites) {
      for (std::size_t j = 0; j < site.channels && site.block == 1; ++j) {
        stats.site_mean[site.offset + j] = -3;
      }
    }
    method = make_pea(options, 1, forward.info(), stats);
  }
  MemoryState saved() const { return save(*method); }
  FakeForward forward;
  SourceStats stats;
  std::unique_ptr<Method> method;
};

PeaOptions diagonal() {
  PeaOptions options;
  options.form = "diagonal";
  return options;
}

TEST(Pea, TheFirstBatchHasCleanMomentsAfterwards) {
  for (const char* form : {"diagonal", "full"}) {
    PeaOptions options;
    options.form = form;
    Trial trial(options);
    const StepResult result = trial.method->step(make_fake_batch(64, 1, 2.0), trial.forward);
    EXPECT_EQ(trial.forward.passes(), 2U);
    EXPECT_TRUE(result.updated);
    // Head of the mean feature: every feature has mean -3.
    const std::vector<float> features(FakeForward::kWidth, -3.0F);
    const auto wanted = trial.forward.run_head(features);
    for (std::size_t k = 0; k < FakeForward::kClasses; ++k) {
      float mean = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        mean += result.logits[i * FakeForward::kClasses + k] / 64;
      }
      EXPECT_NEAR(mean, wanted[k], 1e-3) << form;
    }
  }
}

TEST(Pea, LaterBatchesAreCorrectedByEarlierStatistics) {
  Trial trial(diagonal());
  trial.method->step(make_fake_batch(64, 1, 2.0), trial.forward);
  trial.method->accept();
  const std::vector<float> mean = trial.saved().get_f32("pea.layer1.output.mean");
  const std::vector<float> variance = trial.saved().get_f32("pea.layer1.output.covariance");
  EXPECT_TRUE(trial.saved().get_f32("pea.layer0.output.mean").empty());  // weight 0: left alone

  const Batch second = make_fake_batch(64, 2, 2.2);
  const StepResult result = trial.method->step(second, trial.forward);
  trial.forward.begin(second);
  const PassOutput plain = trial.forward.pass(SlotValues(trial.forward.info().slots.size()));
  std::vector<float> features(plain.taps.size() / 2);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t j = i % 4;
    const float x = plain.taps[i / 4 * 8 + 4 + j];
    features[i] =
        (x - mean[j]) * std::sqrt((FakeForward::kVariance + 1e-5F) / (variance[j] + 1e-5F)) - 3;
  }
  const auto wanted = trial.forward.run_head(features);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(result.logits[i], wanted[i], 1e-3);
  }
  trial.method->accept();
  const float moved = 0.98F * mean[0] + 0.02F * plain.site_mean[plain.site_mean.size() - 4];
  EXPECT_NEAR(trial.saved().get_f32("pea.layer1.output.mean")[0], moved, 1e-5);
}

TEST(Pea, AJumpOfTheEntropyRestartsAll) {
  PeaOptions options = diagonal();
  options.entropy_jump = 0;
  Trial trial(options);
  bool changed = false;
  for (std::uint64_t step = 0; step < 6 && !changed; ++step) {
    changed = trial.method->step(make_fake_batch(64, step, 2.0), trial.forward).domain_changed;
    trial.method->accept();
  }
  ASSERT_TRUE(changed);
  EXPECT_TRUE(trial.saved().get_f32("pea.layer1.output.mean").empty());
}

TEST(Pea, RootsTakeTurns) {
  PeaOptions options;
  options.update_every = 2;
  Trial trial(options);
  const auto has_root = [&] { return !trial.saved().get_f32("pea.layer1.output.matrix").empty(); };
  std::vector<bool> seen;
  for (std::uint64_t step = 0; step < 4; ++step) {
    trial.method->step(make_fake_batch(64, step, 2.0), trial.forward);
    trial.method->accept();
    seen.push_back(has_root());
  }
  // New after the first batch; dropped with every second one, which the next batch makes good.
  EXPECT_EQ(seen, (std::vector<bool>{false, false, true, false}));
}

TEST(Pea, OptionsAndStatesAreChecked) {
  PeaOptions options;
  options.form = "round";
  EXPECT_THROW(pea_info(options, {}), Error);
  options = PeaOptions{};
  options.score = "none";
  EXPECT_THROW(pea_info(options, {}), Error);
  const PeaOptions cnn = default_pea_options(fake_model(Family::Cnn));
  EXPECT_EQ(cnn.form, "grouped");
  EXPECT_EQ(cnn.jump, 2.5);

  Trial trial(diagonal());
  MemoryState state = trial.saved();
  state.put_f32("pea.layer0.output.mean", std::vector<float>(3));
  EXPECT_THROW(trial.method->load(state), Error);
  state = trial.saved();
  state.put_f64("pea.entropy", std::vector<double>{std::nan("")});
  EXPECT_THROW(trial.method->load(state), Error);
}

}  // namespace
}  // namespace zoa
