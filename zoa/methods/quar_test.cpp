// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/quar.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

struct Trial {
  explicit Trial(const QuarOptions& options)
      : forward(Family::Vit, quar_info(options, fake_model(Family::Vit))),
        stats(make_fake_stats(forward.info())),
        method(make_quar(options, 1, forward.info(), stats)) {}
  FakeForward forward;
  SourceStats stats;
  std::unique_ptr<Method> method;
};

constexpr std::size_t kWidth = FakeForward::kWidth;

TEST(Quar, FirstBatchByHand) {
  QuarOptions options;
  options.prior = 0;  // the statistics of the batch alone
  Trial trial(options);
  const Batch batch = make_fake_batch(64, 1, 0.5);
  const StepResult result = trial.method->step(batch, trial.forward);
  EXPECT_EQ(trial.forward.passes(), 1U);
  EXPECT_TRUE(result.updated);

  // The sites are neutral. The feature has the source's mean 0 and deviation 0.408 afterwards.
  trial.forward.begin(batch);
  const PassOutput plain = trial.forward.pass(SlotValues(trial.forward.info().slots.size()));
  std::vector<float> features = last_features(trial.forward.info(), plain);
  const BatchMoments moments = compute_moments(features, kWidth);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t j = i % kWidth;
    const double biased = moments.deviation[j] * std::sqrt(63.0 / 64);
    features[i] = static_cast<float>((static_cast<double>(features[i]) - moments.mean[j]) *
                                     static_cast<double>(0.408F) / biased);
  }
  const auto wanted = trial.forward.run_head(features);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(result.logits[i], wanted[i], 1e-5);
  }
}

TEST(Quar, EarlierBatchesCorrectTheSitesHalfWay) {
  QuarOptions options;
  options.lam_global = 0;
  options.prior = 0;
  options.momentum = 1;  // the last batch alone
  options.from_depth = 0.5;
  Trial trial(options);
  ASSERT_EQ(trial.forward.info().sites.size(), 1U);
  const Batch first = make_fake_batch(64, 1, 2.0);
  trial.method->step(first, trial.forward);
  trial.method->accept();
  trial.forward.begin(first);
  const PassOutput measured = trial.forward.pass(SlotValues(trial.forward.info().slots.size()));
  const std::vector<float> mean(measured.site_mean.begin(), measured.site_mean.end());
  const std::vector<float> variance(measured.site_variance.begin(), measured.site_variance.end());

  const Batch second = make_fake_batch(64, 2, 2.0);
  const StepResult result = trial.method->step(second, trial.forward);
  trial.forward.begin(second);
  const PassOutput plain = trial.forward.pass(SlotValues(trial.forward.info().slots.size()));
  std::vector<float> features = last_features(trial.forward.info(), plain);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t j = i % kWidth;
    const float scale = 0.5F + 0.5F * std::sqrt(FakeForward::kVariance / variance[j]);
    features[i] = (features[i] - mean[j]) * scale + mean[j] / 2;
  }
  const auto wanted = trial.forward.run_head(features);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(result.logits[i], wanted[i], 1e-4);
  }
}

TEST(Quar, DefaultsAndNeedsFollowFamilyAndOptions) {
  EXPECT_EQ(default_quar_options(fake_model(Family::Vit)).lam, 0.5);
  EXPECT_EQ(default_quar_options(fake_model(Family::Cnn)).lam, 0.25);
  QuarOptions options;
  options.lam = 0;
  EXPECT_TRUE(quar_info(options, {}).sites.empty());
  options.lam_global = 0;
  EXPECT_FALSE(quar_info(options, {}).needs_head);
}

TEST(Quar, RefusesStatisticsThatDoNotFit) {
  QuarOptions options;
  options.from_depth = 0.5;
  const FakeForward forward(Family::Vit, quar_info(options, fake_model(Family::Vit)));
  SourceStats stats = make_fake_stats(forward.info());
  stats.site_mean.pop_back();
  EXPECT_THROW(make_quar(options, 1, forward.info(), stats), Error);
  ModelInfo no_sites = forward.info();
  no_sites.slots.clear();
  EXPECT_THROW(make_quar(options, 1, no_sites, make_fake_stats(forward.info())), Error);
}

}  // namespace
}  // namespace zoa
