// SPDX-License-Identifier: Apache-2.0
// zoa on guarded windows of frames: its bounds, its running norms, windows against batches, and a
// stream that is broken off anywhere and gone on with.
#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "zoa/adapt/frame_stream.h"
#include "zoa/adapt/guarded_method.h"
#include "zoa/adapt/state_facts.h"
#include "zoa/adapt/test_guarded.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

using test::all_classes;
using test::one_class;
using test::only;

struct Setting {
  Family family = Family::Vit;
  ZoaOptions method;
  GuardOptions guard = guard_options("on");
  std::int64_t window = 16;
};

Setting blended() {
  Setting setting;
  setting.family = Family::Cnn;
  setting.method = default_zoa_options(fake_model(Family::Cnn));
  setting.method.bn = "blend";
  return setting;
}

struct Rig {
  explicit Rig(const Setting& setting)
      : forward(setting.family, guarded_info(zoa_info(setting.method, fake_model(setting.family)))),
        method(make_zoa(setting.method, 4, forward.info(), make_fake_stats(forward.info())),
               setting.guard,
               4,
               forward.info()),
        stream(method, forward, {setting.window}) {}

  FrameAnswer run(const Batch& batch) {
    FrameAnswer last;
    for (std::size_t i = 0; i < batch.count; ++i) {
      last = stream.push(take_image(batch, i));
      if (last.learnt && last.learnt->bounds) {
        step_norm = std::max(step_norm, last.learnt->bounds->step_norm);
        offset_norm = std::max(offset_norm, last.learnt->bounds->offset_norm);
      }
    }
    return last;
  }
  MemoryState save() {
    MemoryState state;
    stream.save(state);
    return state;
  }
  std::int64_t count(GuardReason reason) const { return method.guard().counters()[reason]; }

  FakeForward forward;
  GuardedMethod method;
  FrameStream stream;
  double step_norm = 0;  // longest so far
  double offset_norm = 0;
};

TEST(GuardedZoaFrames, StepsAndTheWholeWayAreBounded) {
  const double shipped = std::sqrt(8.0);  // two norms of four gammas of 1
  Setting wild;
  wild.method.lr = 1;
  wild.method.wd = 0;
  wild.guard = guard_options("off");
  Rig bare(wild);
  wild.guard = only([](GuardOptions& o) { o.step_share = 0.01; });
  Rig short_steps(wild);
  wild.guard = only([](GuardOptions& o) { o.offset_share = 0.1; });
  Rig short_way(wild);
  for (Rig* rig : {&bare, &short_steps, &short_way}) {
    rig->run(all_classes(1, 80));
    EXPECT_EQ(rig->stream.counters().updates, 5U);
  }
  EXPECT_GT(bare.step_norm, 0.1 * shipped);
  EXPECT_GT(bare.offset_norm, shipped);
  EXPECT_LE(short_steps.step_norm, 0.01 * shipped * 1.0001);
  EXPECT_GT(short_steps.count(GuardReason::BoundedStep), 0);
  EXPECT_LE(short_way.offset_norm, 0.1 * shipped * 1.0001);
  EXPECT_GT(short_way.count(GuardReason::BoundedOffset), 0);
}

// What the norms measure in a window that teaches nothing is forgotten with it.
TEST(GuardedZoaFrames, AHeldWindowDoesNotMoveTheRunningNorms) {
  Setting setting = blended();
  Rig guarded(setting);
  setting.guard = guard_options("off");
  Rig bare(setting);
  for (Rig* rig : {&bare, &guarded}) {
    rig->run(all_classes(1, 16));
    const MemoryState before = learnt(rig->method);
    const FrameAnswer last = rig->run(one_class(2, 16));
    if (rig == &guarded) {
      EXPECT_EQ(last.guard.rfind("hold: one_class", 0), 0U) << last.guard;
    }
    EXPECT_EQ(learnt(rig->method) == before, rig == &guarded);
  }
}

// Four windows of 64 frames where nothing fires, and four batches of them.
TEST(GuardedZoaFrames, WindowsHaveTheVerdictsOfTheirBatches) {
  Setting setting;
  setting.window = 64;
  setting.method.threshold = 1e9;  // one domain
  setting.method.lr = 1e-5;        // no step meets its bound
  Rig frames(setting);
  Rig batches(setting);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Batch batch = all_classes(20 + i, 64);
    const StepResult wanted = batches.method.step(batch, batches.forward);
    batches.method.accept();
    const FrameAnswer last = frames.run(batch);
    EXPECT_EQ(last.learnt->guard, wanted.guard);
    EXPECT_EQ(wanted.guard, "adapting");
    EXPECT_TRUE(last.learnt->updated);
    EXPECT_NEAR(last.learnt->loss, wanted.loss, 1e-6);
  }
  EXPECT_EQ(frames.method.guard().counters(), batches.method.guard().counters());
  const std::vector<float> found = frames.save().get_f32("zoa.eps");
  const std::vector<float> wanted = save(batches.method).get_f32("zoa.eps");
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], 1e-6);
  }
}

// Frames of all kinds, so that guards act: repeated and constant ones, no numbers, one class, and
// ordinary ones of two domains.
Batch eventful(std::uint64_t number) {
  switch (number / 20 % 6) {
    case 1: return one_class(number, 1);
    case 3: return number % 4 == 0 ? test::white(number, 1) : all_classes(number / 4, 1);
    case 4: return make_fake_batch(1, number, 2);
    default: return number % 17 == 5 ? test::with_nan(number, 1) : all_classes(number, 1);
  }
}

class GuardedResume : public testing::TestWithParam<const char*> {
 protected:
  static Setting setting() {
    const std::string name = GetParam();
    Setting made = name == "blend" ? blended() : Setting{};
    made.guard = guard_options(name == "evidence" ? "evidence" : "on");
    made.guard.evidence_images = 40;
    made.guard.snapshot_every = 1;
    made.guard.patience = 1;
    made.guard.most_rollbacks = 2;
    made.guard.rest = 2;
    made.guard.reset_every = 9;
    made.guard.answer_margin = 0.001;
    made.window = 8;
    made.method.lr = 0.05;
    return made;
  }
};

// Run k, save, restore elsewhere, run the rest: bit for bit the run that nobody broke off, inside
// windows as well.
TEST_P(GuardedResume, AtEveryFrame) {
  constexpr std::uint64_t kFrames = 50 * 8;
  Rig whole(setting());
  std::vector<Bytes> saved;
  std::vector<FrameAnswer> answers;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    saved.push_back(whole.save().to_bytes());
    answers.push_back(whole.stream.push(eventful(i)));
  }
  const MemoryState end = whole.save();
  for (std::uint64_t k = 0; k < kFrames; k += 7) {
    Rig rest(setting());
    MemoryState state = MemoryState::from_bytes(saved[k], "state");
    rest.stream.load(state);
    EXPECT_EQ(rest.save(), state);
    for (std::uint64_t i = k; i < kFrames; ++i) {
      const FrameAnswer answer = rest.stream.push(eventful(i));
      ASSERT_EQ(answer.logits == answers[i].logits || std::isnan(answer.logits[0]), true) << i;
      ASSERT_EQ(answer.guard, answers[i].guard) << k << " " << i;
      ASSERT_EQ(answer.skip, answers[i].skip) << k << " " << i;
      ASSERT_EQ(answer.plain, answers[i].plain) << k << " " << i;
    }
    ASSERT_EQ(rest.save(), end) << k;
  }
  EXPECT_GT(whole.count(GuardReason::NearDuplicates), 0);
  EXPECT_GT(whole.stream.counters().plain, 0U);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         GuardedResume,
                         testing::Values("on", "evidence", "blend"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(GuardedZoaFrames, StatesOfBareStreamsAndOfBatchesAreTaken) {
  Setting setting;
  Rig guarded(setting);
  guarded.run(all_classes(1, 20));
  MemoryState with = guarded.save();
  setting.guard = guard_options("off");
  Rig off(setting);
  off.stream.load(with);
  EXPECT_EQ(off.stream.window_frames(), 4U);
  EXPECT_EQ(off.method.guard().state(), GuardState::Off);
  EXPECT_EQ(off.stream.push(all_classes(3, 1)).guard, "off");

  FakeForward& forward = guarded.forward;
  const SourceStats stats = make_fake_stats(forward.info());
  GuardedMethod batches(make_zoa(setting.method, 4, forward.info(), stats), guard_options("on"), 4,
                        forward.info());
  batches.step(all_classes(1), forward);
  batches.accept();
  MemoryState learnt = save(batches);
  EXPECT_FALSE(learnt.has("guard.frames.version"));
  guarded.stream.load(learnt);
  EXPECT_EQ(guarded.stream.window_frames(), 0U);
  EXPECT_EQ(zoa::learnt(guarded.method), zoa::learnt(batches));

  // The guards know nothing about the first frames of the window that goes on: it teaches nothing.
  const auto method = make_zoa(setting.method, 4, forward.info(), stats);
  FrameStream bare(*method, forward, {setting.window});
  for (std::size_t i = 0; i < 12; ++i) {
    bare.push(all_classes(i, 1));
  }
  MemoryState begun;
  bare.save(begun);
  guarded.stream.load(begun);
  EXPECT_EQ(guarded.run(all_classes(5, 4)).guard, "hold: small_window");
  EXPECT_TRUE(guarded.run(all_classes(6, 16)).learnt->updated);
}

// What ran out of frames in a rest, and is gone on with by a stream whose guards are off.
TEST(GuardedZoaFrames, ARestThatGoesOnWithoutGuardsBeginsAWindow) {
  Setting setting;
  setting.guard = guard_options("evidence");
  Rig guarded(setting);
  guarded.run(all_classes(1, 20));
  EXPECT_EQ(guarded.stream.window_frames(), 4U);
  MemoryState waiting = guarded.save();
  setting.guard = guard_options("off");
  Rig off(setting);
  off.stream.load(waiting);
  EXPECT_EQ(off.stream.window_frames(), 0U);
  EXPECT_TRUE(off.run(all_classes(2, 16)).learnt->updated);
}

TEST(GuardedZoaFrames, DamagedWindowsAreRefusedAndLeaveNoTrace) {
  Rig rig{Setting{}};
  rig.run(all_classes(1, 20));
  const MemoryState whole = rig.save();
  for (const char* name : {"guard.frames.census.counts", "guard.frames.plain.finite",
                           "guard.frames.plain_answers", "guard.frames.start"}) {
    MemoryState damaged = whole;
    damaged.put_i64(name, std::vector<std::int64_t>{3, -2});
    EXPECT_EQ(test::error_of([&] { rig.stream.load(damaged); }).first, ErrorCode::BadFile) << name;
    EXPECT_EQ(rig.save(), whole);
  }
  MemoryState damaged = whole;
  damaged.put_f32("guard.frames.census.sketches", std::vector<float>{1});
  EXPECT_EQ(test::error_of([&] { rig.stream.load(damaged); }).first, ErrorCode::BadFile);
  damaged = whole;
  damaged.put_f64("guard.frames.answers.entropies", std::vector<double>{-1});
  EXPECT_EQ(test::error_of([&] { rig.stream.load(damaged); }).first, ErrorCode::BadFile);
  EXPECT_EQ(rig.save(), whole);
}

}  // namespace
}  // namespace zoa
