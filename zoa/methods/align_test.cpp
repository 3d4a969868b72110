// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/align.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/aligned_norms.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

// Means alone, half of the way, all of the last batch, nothing left to chance.
AlignOptions plain_options() {
  AlignOptions options;
  options.prior = 0;
  options.momentum = 1;
  options.doubt = 0;
  options.shift = 0;
  options.restart = false;
  return options;
}

struct Trial {
  explicit Trial(const AlignOptions& options, Family family = Family::Vit)
      : forward(family, align_info(options, fake_model(family))),
        stats(make_fake_stats(forward.info())),
        method(make_align(options, 1, forward.info(), stats)) {}

  StepResult run(const Batch& batch) {
    StepResult result = method->step(batch, forward);
    method->accept();
    return result;
  }

  FakeForward forward;
  SourceStats stats;
  std::unique_ptr<Method> method;
};

// Mean 4 before both norms, clean data 0: each takes 2 away from the next batch.
TEST(Align, TheStreamsMeanMovesHalfWayBack) {
  Trial trial(plain_options());
  const Batch batch = test::make_flat_batch({{4, 0, 0, 0}});
  EXPECT_EQ(trial.run(batch).logits, test::head_logits({4, 0, 0, 0}));
  EXPECT_EQ(trial.forward.passes(), 1U);
  EXPECT_EQ(trial.run(batch).logits, test::head_logits({0, 0, 0, 0}));
  // The second norm has been given 2 since the first one moves.
  EXPECT_EQ(trial.run(batch).logits, test::head_logits({1, 0, 0, 0}));
}

TEST(Align, ABatchThatBeginsADomainIsAnsweredWithItsOwnStatistics) {
  AlignOptions options = plain_options();
  options.restart = true;
  options.domain_batch = 2;
  Trial trial(options);
  const Batch first = test::make_flat_batch({{3, 0, 0, 0}, {5, 0, 0, 0}});
  const std::vector<float> logits = trial.run(first).logits;
  EXPECT_EQ(trial.forward.passes(), 2U);
  EXPECT_EQ(std::vector<float>(logits.begin(), logits.begin() + 3),
            test::head_logits({-1, 0, 0, 0}));
  EXPECT_FALSE(trial.run(first).domain_changed);
  EXPECT_EQ(trial.forward.passes(), 1U);
  const StepResult other = trial.run(test::make_flat_batch({{0, 7, 0, 0}, {0, 9, 0, 0}}));
  EXPECT_TRUE(other.domain_changed);
  EXPECT_EQ(trial.forward.passes(), 2U);
  EXPECT_EQ(std::vector<float>(other.logits.begin(), other.logits.begin() + 3),
            test::head_logits({0, -1, 0, 0}));
}

// The window is over with the second image; what the domain before taught is then forgotten.
TEST(Align, SmallBatchesSeeAChangeTogether) {
  AlignOptions options = plain_options();
  options.momentum = 0.2;
  options.domain_batch = 2;
  Trial trial(options);
  const Batch old_image = test::make_flat_batch({{4, 0, 0, 0}});
  const Batch new_image = test::make_flat_batch({{0, 8, 0, 0}});
  for (const Batch* image : {&old_image, &old_image, &new_image}) {
    EXPECT_FALSE(trial.run(*image).domain_changed);
    EXPECT_EQ(trial.forward.passes(), 1U);
  }
  EXPECT_TRUE(trial.run(new_image).domain_changed);
  MemoryState state = save(*trial.method);
  EXPECT_DOUBLE_EQ(state.get_f64("align.running.norms.mean")[0], 0);
  EXPECT_DOUBLE_EQ(state.get_f64("align.running.norms.mean")[1], 8);
}

// 1.5 images expected of the distance 2 * 4 / 2: a share of 1 - 0.5 / 4.
TEST(Align, EvidenceIsTheShareThatChanceDoesNotExplain) {
  const std::vector<double> mean = {2, 5, 7};
  const std::vector<float> source = {0, 5, 1};
  const std::vector<float> variance = {1, 1, 0};  // the last channel is constant
  const std::vector<float> spread = {1, 0.5, 0};
  const ChannelGroup group{mean, source, variance, spread};
  EXPECT_DOUBLE_EQ(compute_evidence(group, 3, 1), 1 - 1.5 / (3 * 4));
  EXPECT_DOUBLE_EQ(compute_evidence(group, 3, 2), 1 - 2 * 1.5 / (3 * 4));
  EXPECT_EQ(compute_evidence(group, 3, 9), 0);
  EXPECT_EQ(compute_evidence(group, 0, 1), 0);
  EXPECT_EQ(compute_evidence(group, 0, 0), 1);
}

// Clean data: the difference is what chance makes, so nothing moves.
TEST(Align, CleanDataChangeLittle) {
  AlignOptions options;
  options.doubt = 4;
  Trial trial(options);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Batch batch = make_fake_batch(64, i);
    const std::vector<float> logits = trial.run(batch).logits;
    trial.forward.begin(batch);
    const auto plain = trial.forward.pass(SlotValues(trial.forward.info().slots.size())).logits;
    EXPECT_EQ(logits, std::vector<float>(plain.begin(), plain.end())) << i;
  }
}

// Deviations too: clean data's is 0.408, the batch's 1, so half of the way is a factor 0.704.
TEST(Align, DeviationsMoveWhereAskedFor) {
  AlignOptions options = plain_options();
  options.scale = true;
  Trial trial(options);
  trial.run(test::make_flat_batch({{3, 0, 0, 0}, {5, 0, 0, 0}}));
  MemoryState state = save(*trial.method);
  EXPECT_DOUBLE_EQ(state.get_f64("align.running.norms.power")[0], 17);
  const float scale = 0.5F + 0.5F * std::sqrt(FakeForward::kVariance);
  const float once = scale * 1 + 2;  // of 5: the mean 4 goes to 2
  const float twice = scale * (once - 4) + 2;
  const std::vector<float> logits = trial.run(test::make_flat_batch({{5, 0, 0, 0}})).logits;
  const std::vector<float> wanted = test::head_logits({twice, 0, 0, 0});
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    EXPECT_NEAR(logits[k], wanted[k], 1e-5F);
  }
}

// Of a BatchNorm the blend 0.6 source + 0.4 stream; both norms, the second sees the first's output.
TEST(Align, BatchNormsNormaliseWithTheBlend) {
  AlignOptions options = plain_options();
  options.lam = 0.4;
  Trial trial(options, Family::Cnn);
  const Batch batch = test::make_flat_batch({{3, 0, 0, 0}, {5, 0, 0, 0}});
  trial.run(batch);
  const auto once = [](float x, float scale) { return x / std::sqrt(scale + 1e-5F); };
  const float v = FakeForward::kVariance;
  // Before: x / sqrt(v), so the second norm saw mean 4 / sqrt(v) and variance 1 / v.
  const float first_mean = 0.4F * 4;
  const float first_variance = 0.6F * v + 0.4F * 1;
  const float second_mean = 0.4F * once(4, v);
  const float second_variance = 0.6F * v + 0.4F / (v + 1e-5F);
  const float inner = once(5 - first_mean, first_variance);
  const std::vector<float> wanted =
      test::head_logits({once(inner - second_mean, second_variance), 0, 0, 0});
  const std::vector<float> logits = trial.run(test::make_flat_batch({{5, 0, 0, 0}})).logits;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    EXPECT_NEAR(logits[k], wanted[k], 1e-4F);
  }
}

// A window of single frames leaves what batches of one leave.
TEST(Align, FramesTeachWhatBatchesOfOneTeach) {
  for (const Family family : {Family::Vit, Family::Cnn}) {
    const AlignOptions options = default_align_options(fake_model(family));
    Trial batches(options, family);
    Trial frames(options, family);
    for (std::uint64_t i = 0; i < 3; ++i) {
      const Batch batch = make_fake_batch(64, i, i == 2 ? 3 : 0.5);
      WindowSums window;
      const ModelInfo& model = frames.forward.info();
      window.passes = {PassSums(model.classes, model.tap_width)};
      bool changed = false;
      for (std::size_t k = 0; k < batch.count; ++k) {
        const Batch image = take_image(batch, k);
        changed = batches.run(image).domain_changed || changed;
        frames.forward.begin(image);
        window.stem.add(frames.forward.stem());
        const PassOutput output = frames.forward.pass(frames.method->frames()->frame_values(0));
        window.passes[0].add(output);
        frames.method->frames()->observe_frame(output);
      }
      EXPECT_EQ(frames.method->frames()->learn(window).domain_changed, changed);
      frames.method->accept();
      EXPECT_EQ(changed, i == 2);
    }
    EXPECT_EQ(save(*frames.method).get_f64("align.stem_mean").size(), FakeForward::kWidth);
  }
}

TEST(Align, NeedsStatisticsOfItsNorms) {
  const AlignOptions options = default_align_options(fake_model(Family::Vit));
  const FakeForward forward(Family::Vit, align_info(options, fake_model(Family::Vit)));
  SourceStats stats = make_fake_stats(forward.info());
  stats.site_spread.clear();
  const auto made = [&](const ModelInfo& model, const SourceStats& source) {
    return test::error_of([&] { make_align(options, 1, model, source); }).first;
  };
  EXPECT_EQ(made(forward.info(), stats), ErrorCode::StateMismatch);
  stats.site_spread.assign(stats.site_mean.size(), 0.0F);  // a folder of version 1
  EXPECT_EQ(made(forward.info(), stats), ErrorCode::StateMismatch);
  ModelInfo model = forward.info();
  model.sites.clear();
  model.site_width = 0;
  EXPECT_EQ(made(model, make_fake_stats(model)), ErrorCode::UnsupportedModel);
}

TEST(Align, AsksForWhatItsFormNeeds) {
  const MethodInfo vit = align_info({}, fake_model(Family::Vit));
  EXPECT_FALSE(vit.sites[0].variance);
  EXPECT_EQ(vit.sites[0].kind, SiteKind::Normalised);
  const MethodInfo cnn = align_info({}, fake_model(Family::Cnn));
  EXPECT_TRUE(cnn.sites[0].variance);
  EXPECT_EQ(cnn.sites[0].kind, SiteKind::NormInput);
  EXPECT_EQ(std::count(cnn.slots.begin(), cnn.slots.end(), SlotKind::NormMix), 0);
}

}  // namespace
}  // namespace zoa
