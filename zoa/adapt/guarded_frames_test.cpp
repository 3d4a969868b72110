// SPDX-License-Identifier: Apache-2.0
// Every guard at work on windows of single frames: the harm without it, and that it is gone with
// it. The same for batches: guarded_method_test.cpp.
#include "zoa/adapt/guarded_frames.h"

#include <cmath>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "zoa/adapt/frame_stream.h"
#include "zoa/adapt/guarded_method.h"
#include "zoa/adapt/test_guarded.h"
#include "zoa/adapt/test_recentre.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

using test::all_classes;
using test::breaking;
using test::one_class;
using test::only;
using test::RecentreFrames;
using test::RecentreOptions;

constexpr std::size_t kWindow = 16;

// A stream with or without guards, and a network of its own.
class Subject {
 public:
  explicit Subject(std::optional<GuardOptions> guards,
                   const RecentreOptions& options = {},
                   double budget_ms = -1,
                   std::size_t window = kWindow)
      : forward_(Family::Vit, guarded_info(test::recentre_frames_info(options))) {
    auto method = std::make_unique<RecentreFrames>(options, forward_.info());
    recentre_ = method.get();
    method_ = std::move(method);
    if (guards) {
      auto guarded =
          std::make_unique<GuardedMethod>(std::move(method_), *guards, 7, forward_.info());
      guarded_ = guarded.get();
      method_ = std::move(guarded);
    }
    FrameOptions frames;
    frames.window = static_cast<std::int64_t>(window);
    frames.budget_ms = budget_ms;
    stream_.emplace(*method_, forward_, frames);
  }

  FrameAnswer push(const Batch& batch, std::size_t index = 0) {
    return stream_->push(take_image(batch, index));
  }
  // The last answer.
  FrameAnswer run(const Batch& batch) {
    FrameAnswer last;
    logits_.clear();
    for (std::size_t i = 0; i < batch.count; ++i) {
      last = push(batch, i);
      logits_.insert(logits_.end(), last.logits.begin(), last.logits.end());
    }
    return last;
  }
  // As run(), for answers that teach nothing; in percent, as the network as shipped has it.
  double agreement(const Batch& batch) {
    stream_->freeze(true);
    run(batch);
    stream_->freeze(false);
    return test::agreement(logits_, batch);
  }

  MemoryState learnt() const { return zoa::learnt(*recentre_); }
  MemoryState save() {
    MemoryState state;
    stream_->save(state);
    return state;
  }
  const std::vector<float>& logits() const { return logits_; }  // of the latest run()
  const Guard& guard() const { return guarded_->guard(); }
  std::int64_t count(GuardReason reason) const { return guard().counters()[reason]; }
  RecentreOptions& change() { return recentre_->change(); }
  FakeForward& forward() { return forward_; }
  FrameStream& stream() { return *stream_; }

 private:
  FakeForward forward_;
  std::unique_ptr<Method> method_;
  RecentreFrames* recentre_ = nullptr;
  GuardedMethod* guarded_ = nullptr;
  std::optional<FrameStream> stream_;
  std::vector<float> logits_;
};

// After harmful frames ordinary ones are answered otherwise than by the shipped network; with the
// guard nothing was learnt and the answers are right.
void expect_guarded(const Batch& harmful,
                    const GuardOptions& options,
                    GuardReason reason,
                    std::int64_t times) {
  Subject bare(std::nullopt);
  Subject guarded(options);
  const FrameAnswer last = test::expect_harm_withheld(bare, guarded, harmful);
  EXPECT_EQ(guarded.count(reason), times) << counters_text(guarded.guard().counters());
  EXPECT_NE(last.guard.find(reason_name(reason)), std::string::npos) << last.guard;
}

GuardOptions images_only() {
  return only([](GuardOptions& o) { o.least_images = 8; });
}

TEST(GuardedFrames, OneFrameRepeatedStaysOut) {
  expect_guarded(test::repeated(3, kWindow), images_only(), GuardReason::NearDuplicates,
                 kWindow - 1);
  Subject guarded(images_only());
  EXPECT_EQ(guarded.push(test::repeated(3)).skip, FrameSkip::None);
  EXPECT_EQ(guarded.push(test::repeated(3)).skip, FrameSkip::Guarded);
  EXPECT_EQ(guarded.stream().window_frames(), 1U);
  EXPECT_EQ(guarded.stream().counters().guarded, 1U);
}

// So a camera that shows the same half of the time learns from the other half.
TEST(GuardedFrames, RepeatedFramesDoNotHoldUpTheOthers) {
  Subject guarded(guard_options("on"));
  Subject without(guard_options("on"));
  const Batch pictures = all_classes(1, kWindow);
  for (std::size_t i = 0; i < kWindow; ++i) {
    without.push(pictures, i);
    guarded.push(pictures, i);
    if (i + 1 < kWindow) {
      EXPECT_EQ(guarded.push(pictures, i).guard, "adapting: near_duplicates");
    }
  }
  EXPECT_EQ(guarded.stream().counters().updates, 1U);
  EXPECT_EQ(guarded.learnt(), without.learnt());
}

TEST(GuardedFrames, ConstantFramesStayOut) {
  expect_guarded(test::white(1, kWindow), images_only(), GuardReason::ConstantFrames, kWindow);
}

TEST(GuardedFrames, SmallWindowsTeachNothing) {
  constexpr std::size_t kSmall = 4;
  Subject bare(std::nullopt, {}, -1, kSmall);
  Subject guarded(images_only(), {}, -1, kSmall);
  const Batch few = one_class(2, kSmall);
  bare.run(few);
  EXPECT_LT(bare.agreement(all_classes(99)), 80);
  EXPECT_EQ(guarded.run(few).guard, "hold: small_window");
  EXPECT_EQ(guarded.agreement(all_classes(99)), 100);
}

TEST(GuardedFrames, OneClassTeachesNothing) {
  expect_guarded(one_class(1, kWindow), only([](GuardOptions& o) {
                   o.least_spread = 0.5;
                   o.probe = 1;
                 }),
                 GuardReason::OneClass, 1);
}

TEST(GuardedFrames, NumbersThatAreNoneAreAnsweredByTheNetworkAsShipped) {
  Subject guarded(only([](GuardOptions& o) { o.finite = true; }));
  const FrameAnswer answer = guarded.push(test::with_nan(1));
  EXPECT_EQ(answer.skip, FrameSkip::NotFinite);
  EXPECT_TRUE(answer.plain);
  EXPECT_EQ(answer.guard, "adapting: non_finite_input");
  EXPECT_EQ(guarded.forward().passes(), 1U);

  // The method is the one that is broken: without the guard nobody gets an answer any more.
  const Batch next = all_classes(2, kWindow);
  Subject bare(std::nullopt);
  for (Subject* subject : {&bare, &guarded}) {
    subject->run(all_classes(1, kWindow));
    subject->change().strength = std::numeric_limits<double>::infinity();
    subject->run(next);
  }
  EXPECT_TRUE(std::isnan(bare.logits()[0]) || std::isinf(bare.logits()[0]));
  EXPECT_EQ(guarded.logits(), test::shipped_answers(next));
  EXPECT_EQ(guarded.count(GuardReason::NonFiniteAnswer), static_cast<std::int64_t>(kWindow));
  EXPECT_EQ(guarded.stream().counters().plain, kWindow + 1);
}

TEST(GuardedFrames, AnUnsureWindowIsFollowedByPlainAnswersUntilOneIsSure) {
  const GuardOptions options = only([](GuardOptions& o) { o.probe = 1; });
  Subject bare(std::nullopt);
  Subject guarded(options);
  for (Subject* subject : {&bare, &guarded}) {
    subject->run(one_class(1, kWindow));
    subject->change().strength = 1;
    subject->run(one_class(2, kWindow));  // everything that told it apart is gone
    EXPECT_LT(test::agreement(subject->logits(), one_class(2, kWindow)), 60);
    subject->run(one_class(3, kWindow));
  }
  EXPECT_LT(test::agreement(bare.logits(), one_class(3, kWindow)), 60);
  EXPECT_EQ(guarded.logits(), test::shipped_answers(one_class(3, kWindow)));
  EXPECT_EQ(guarded.count(GuardReason::UnsureAnswer), 2);
  guarded.change().strength = 0;
  guarded.run(all_classes(4, kWindow));
  const FrameAnswer answer = guarded.push(all_classes(5));
  EXPECT_FALSE(answer.plain);
  EXPECT_EQ(answer.guard, "adapting");
}

TEST(GuardedFrames, CollapseGoesBackToTheLastGoodSnapshotThenToTheShippedNetwork) {
  const GuardOptions options = only([](GuardOptions& o) {
    o.collapse = 0.6;
    o.probe = 1;
    o.snapshot_every = 1;
    o.patience = 2;
  });
  Subject bare(std::nullopt);
  Subject guarded(options);
  MemoryState good;
  for (Subject* subject : {&bare, &guarded}) {
    subject->run(all_classes(1, kWindow));
    good = subject->learnt();
    subject->change().strength = 400;  // from now on every answer is one class
    subject->run(all_classes(2, kWindow));
    EXPECT_EQ(subject->agreement(all_classes(3, kWindow)) == 100, subject == &guarded);
    subject->run(all_classes(3, kWindow));
  }
  EXPECT_NE(bare.learnt(), good);
  EXPECT_EQ(guarded.learnt(), good);
  EXPECT_EQ(guarded.count(GuardReason::Collapse), 2);
  EXPECT_EQ(guarded.count(GuardReason::Rollback), 1);
  guarded.run(all_classes(4, kWindow));
  EXPECT_EQ(guarded.run(all_classes(5, kWindow)).guard, "hold: collapse, back_to_shipped");
  EXPECT_EQ(guarded.learnt(), Subject(std::nullopt).learnt());
}

// Learns, collapses, goes back; twice.
void break_down(Subject& subject) {
  for (std::uint64_t turn = 0; turn < 2; ++turn) {
    subject.change().strength = 1;
    subject.run(all_classes(10 + turn, kWindow));
    subject.change().strength = 400;
    subject.run(all_classes(20 + turn, kWindow));
  }
}

TEST(GuardedFrames, BreakerAnswersWithThePlainNetworkBitForBit) {
  Subject guarded(breaking(0));
  break_down(guarded);
  EXPECT_EQ(guarded.count(GuardReason::Breaker), 1);
  EXPECT_EQ(guarded.guard().state(), GuardState::Fallback);
  const Batch frames = all_classes(100, 10 * kWindow);
  for (std::size_t i = 0; i < frames.count; ++i) {
    const FrameAnswer answer = guarded.push(frames, i);
    ASSERT_EQ(answer.logits, test::shipped_answers(take_image(frames, i)));
    ASSERT_EQ(answer.guard, "fallback");
    ASSERT_EQ(answer.skip, FrameSkip::Guarded);
    ASSERT_EQ(guarded.forward().passes(), 1U);
  }
  guarded.stream().reset();
  guarded.change().strength = 1;
  EXPECT_TRUE(guarded.run(all_classes(1, kWindow)).learnt->updated);
}

TEST(GuardedFrames, BreakerRestsAsManyWindowsAsAskedFor) {
  Subject guarded(breaking(3));
  break_down(guarded);
  guarded.change().strength = 1;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_FALSE(guarded.run(all_classes(30 + seed, kWindow)).learnt->updated);
  }
  EXPECT_TRUE(guarded.run(all_classes(40, kWindow)).learnt->updated);
  EXPECT_EQ(guarded.guard().state(), GuardState::Adapting);
}

TEST(GuardedFrames, PeriodicReset) {
  GuardOptions options = guard_options("off");
  options.reset_every = 3;
  Subject guarded(options);
  const MemoryState shipped = guarded.learnt();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    guarded.run(all_classes(seed, kWindow));
    EXPECT_EQ(guarded.learnt() == shipped, seed == 2);
  }
  EXPECT_EQ(guarded.count(GuardReason::PeriodicReset), 1);
}

TEST(GuardedFrames, ALossThatJumpsTeachesNothingWhereItCannotBeClipped) {
  Subject bare(std::nullopt);
  Subject guarded(only([](GuardOptions& o) { o.clip = 6; }));
  for (Subject* subject : {&bare, &guarded}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      EXPECT_TRUE(subject->run(all_classes(seed, kWindow)).learnt->updated);
    }
    subject->change().difference = 5;
    EXPECT_EQ(subject->run(one_class(11, kWindow)).learnt->updated, subject == &bare);
  }
  EXPECT_EQ(guarded.count(GuardReason::ClippedDifference), 1);
  EXPECT_LT(bare.agreement(all_classes(99)), guarded.agreement(all_classes(99)));
}

TEST(GuardedFrames, WithoutEvidenceThePlainNetworkAnswersInOnePass) {
  GuardOptions options = guard_options("evidence");
  options.evidence_images = 2 * kWindow;
  Subject guarded(options);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Batch frames = all_classes(seed, kWindow);
    EXPECT_FALSE(guarded.run(frames).learnt->updated);
    EXPECT_EQ(guarded.logits(), test::shipped_answers(frames));
    EXPECT_EQ(guarded.forward().passes(), 1U);
    EXPECT_EQ(guarded.guard().state(), seed < 2 ? GuardState::WarmUp : GuardState::Hold);
  }
  EXPECT_EQ(guarded.count(GuardReason::WarmingUp), 2);
  EXPECT_EQ(guarded.count(GuardReason::NoEvidence), 8);
  bool updated = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Batch dim = make_fake_batch(kWindow, 200 + seed);  // unsure answers
    updated = guarded.run(dim).learnt->updated || updated;
  }
  EXPECT_TRUE(updated);
}

TEST(GuardedFrames, StatisticsOfOneImageNeverAnswer) {
  RecentreOptions options;
  options.batch_statistics = true;
  Subject guarded(guard_options("on"), options);
  const Batch frames = all_classes(1, kWindow);
  const FrameAnswer last = guarded.run(frames);
  EXPECT_EQ(last.guard, "hold: small_window");
  EXPECT_EQ(guarded.logits(), test::shipped_answers(frames));
  EXPECT_EQ(guarded.forward().passes(), 1U);
}

TEST(GuardedFrames, OffIsTheBareStreamBitForBit) {
  Subject bare(std::nullopt);
  Subject guarded(guard_options("off"));
  for (const Batch& batch : {all_classes(1), one_class(2), test::repeated(3), test::white(4)}) {
    bare.run(batch);
    EXPECT_EQ(guarded.run(batch).guard, "off");
    EXPECT_EQ(bare.logits(), guarded.logits());
    EXPECT_EQ(bare.learnt(), guarded.learnt());
  }
  EXPECT_EQ(counters_text(guarded.guard().counters()), "");
}

// The pass of the plain network beside the method's is one of those that wait.
TEST(GuardedFrames, ThePlainPassKeepsTheTimeBudget) {
  Subject guarded(guard_options("on"), {}, 0);
  const Batch frames = all_classes(1, kWindow);
  for (std::size_t i = 0; i < 4; ++i) {
    guarded.push(frames, i);
    EXPECT_EQ(guarded.forward().passes(), 1U);
  }
  EXPECT_EQ(guarded.stream().waiting(), 4U);
  EXPECT_TRUE(guarded.stream().step(-1));
  Subject at_once(guard_options("on"));
  for (std::size_t i = 0; i < kWindow; ++i) {
    at_once.push(frames, i);
    if (i >= 4) {
      guarded.push(frames, i);
      guarded.stream().step(-1);
    }
  }
  EXPECT_EQ(guarded.learnt(), at_once.learnt());
  // In a hold the method's pass is the one that waits.
  for (Subject* subject : {&guarded, &at_once}) {
    subject->change().strength = 400;
    for (std::size_t i = 0; i < kWindow; ++i) {
      subject->push(all_classes(2, kWindow), i);
      subject->stream().step(-1);
    }
    const FrameAnswer answer = subject->push(all_classes(3, kWindow));
    EXPECT_TRUE(answer.plain);
    EXPECT_EQ(subject->forward().passes(), subject == &guarded ? 1U : 2U);
    subject->stream().step(-1);
  }
  EXPECT_EQ(guarded.save().get_f64("guard.frames.answers.mean"),
            at_once.save().get_f64("guard.frames.answers.mean"));
}

}  // namespace
}  // namespace zoa
