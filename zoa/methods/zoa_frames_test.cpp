// SPDX-License-Identifier: Apache-2.0
// ZOA on windows of single frames against ZOA on batches of the same images.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

constexpr std::size_t kWindow = 64;

// All frames of a batch through all passes, as a stream would bring them.
StepResult run_window(Method& method, FakeForward& forward, const Batch& batch) {
  FrameMethod& frames = *method.frames();
  const ModelInfo& model = forward.info();
  WindowSums window;
  window.passes.assign(frames.frame_passes(), PassSums(model.classes, model.tap_width));
  for (std::size_t i = 0; i < batch.count; ++i) {
    forward.begin(take_image(batch, i));
    window.stem.add(forward.stem());
    for (std::size_t pass = 0; pass < frames.frame_passes(); ++pass) {
      const PassOutput output = forward.pass(frames.frame_values(pass));
      window.passes[pass].add(output);
      if (pass == 0) {
        frames.observe_frame(output);
      }
    }
  }
  return frames.learn(window);
}

double worst_difference(const Method& a, const Method& b, const std::string& name) {
  const std::vector<float> x = save(a).get_f32(name);
  const std::vector<float> y = save(b).get_f32(name);
  double worst = x.size() == y.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  }
  return worst;
}

TEST(ZoaFrames, AWindowTeachesWhatItsBatchTeaches) {
  FakeForward forward;
  ZoaOptions options;
  options.threshold = 1e9;  // one domain
  const SourceStats stats = make_fake_stats(forward.info());
  const auto batches = make_zoa(options, 4, forward.info(), stats);
  const auto frames = make_zoa(options, 4, forward.info(), stats);
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Batch batch = make_fake_batch(kWindow, 20 + i, 0.3);
    const StepResult wanted = batches->step(batch, forward);
    batches->accept();
    const StepResult found = run_window(*frames, forward, batch);
    frames->accept();
    EXPECT_NEAR(found.loss, wanted.loss, 1e-6);
    EXPECT_NEAR(*found.loss_perturbed, *wanted.loss_perturbed, 1e-6);
    EXPECT_TRUE(found.updated);
    EXPECT_NEAR(found.domain_distance.value_or(-1), wanted.domain_distance.value_or(-1), 1e-6);
    EXPECT_LT(worst_difference(*batches, *frames, "zoa.eps"), 1e-6);
  }
}

TEST(ZoaFrames, SeeTheSameChangesOfDomain) {
  FakeForward forward;
  const SourceStats stats = make_fake_stats(forward.info());
  const auto batches = make_zoa({}, 4, forward.info(), stats);
  const auto frames = make_zoa({}, 4, forward.info(), stats);
  std::size_t changes = 0;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Batch batch = make_fake_batch(kWindow, 20 + i, i / 4 % 2 == 0 ? 0 : 2);
    const StepResult wanted = batches->step(batch, forward);
    batches->accept();
    const StepResult found = run_window(*frames, forward, batch);
    frames->accept();
    EXPECT_EQ(found.domain_changed, wanted.domain_changed);
    EXPECT_EQ(found.bank_entries, wanted.bank_entries);
    changes += found.domain_changed ? 1 : 0;
  }
  EXPECT_EQ(changes, 2U);
}

TEST(ZoaFrames, ADiscardedWindowLeavesNoTrace) {
  FakeForward forward;
  const auto method = make_zoa({}, 4, forward.info(), make_fake_stats(forward.info()));
  const MemoryState before = save(*method);
  EXPECT_TRUE(run_window(*method, forward, make_fake_batch(kWindow, 1)).updated);
  method->discard();
  EXPECT_EQ(save(*method), before);
}

TEST(ZoaFrames, NothingIsLearntFromANaN) {
  FakeForward forward;
  const auto method = make_zoa({}, 4, forward.info(), make_fake_stats(forward.info()));
  Batch batch = make_fake_batch(kWindow, 1);
  batch.pixels[7] = NAN;
  EXPECT_FALSE(run_window(*method, forward, batch).updated);
}

// The first BatchNorm reads features round 1.5; the network ships a mean of 0.
TEST(ZoaFrames, BlendedNormsFollowTheStream) {
  ZoaOptions options = default_zoa_options(fake_model(Family::Cnn));
  options.bn = "blend";
  options.lr = 0;
  FakeForward forward(Family::Cnn, zoa_info(options, fake_model(Family::Cnn)));
  const auto method = make_zoa(options, 4, forward.info(), make_fake_stats(forward.info()));
  double before = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    run_window(*method, forward, make_fake_batch(kWindow, 20 + i, 1.5));
    method->accept();
    const double mean = save(*method).get_f64("zoa.norms.mean").front();
    const double seen = 64.0 * static_cast<double>(i + 1);
    EXPECT_NEAR(mean, 1.5 * seen / (seen + options.bn_prior), 0.1);
    EXPECT_GT(mean, before);
    before = mean;
  }
  MemoryState state = save(*method);
  // The statistics are not parameters: gammas and betas of two layers alone are.
  EXPECT_EQ(state.get_f32("zoa.eps").size(), 2 * FakeForward::kLayers * FakeForward::kWidth);
  method->reset();
  EXPECT_EQ(save(*method).get_f64("zoa.norms.mean").front(), 0.0);
  method->load(state);
  EXPECT_EQ(save(*method), state);

  // What was learnt under another rule goes on from the shipped statistics.
  options.bn = "source";
  FakeForward plain(Family::Cnn, zoa_info(options, fake_model(Family::Cnn)));
  const auto other = make_zoa(options, 4, plain.info(), make_fake_stats(plain.info()));
  run_window(*other, plain, make_fake_batch(kWindow, 3));
  other->accept();
  MemoryState learnt = save(*other);
  method->load(learnt);
  EXPECT_EQ(save(*method).get_f64("zoa.norms.mean").front(), 0.0);
  EXPECT_EQ(save(*method).get_f32("zoa.eps"), learnt.get_f32("zoa.eps"));
}

TEST(ZoaFrames, AnUnknownNormRuleIsAnError) {
  ZoaOptions options;
  options.bn = "median";
  EXPECT_EQ(test::error_of([&] { norm_rule(options, fake_model(Family::Cnn)); }).first,
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
