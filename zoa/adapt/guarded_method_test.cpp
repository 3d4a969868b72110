// SPDX-License-Identifier: Apache-2.0
// Every guard at work on a whole method: the harm without it, and that it is gone with it.
#include "zoa/adapt/guarded_method.h"

#include <cmath>

#include <gtest/gtest.h>

#include "zoa/adapt/test_guarded.h"
#include "zoa/adapt/test_recentre.h"
#include "zoa/core/error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

using test::all_classes;
using test::breaking;
using test::one_class;
using test::only;
using test::Recentre;
using test::RecentreOptions;
using test::repeated;
using test::white;
using test::with_nan;

// A method, bare or guarded, with a network of its own.
class Subject {
 public:
  Subject(const RecentreOptions& options, std::optional<GuardOptions> guards)
      : forward_(Family::Vit, guarded_info(test::recentre_info(options))) {
    auto method = std::make_unique<Recentre>(options, forward_.info());
    recentre_ = method.get();
    if (guards) {
      auto guarded =
          std::make_unique<GuardedMethod>(std::move(method), *guards, 7, forward_.info());
      guarded_ = guarded.get();
      method_ = std::move(guarded);
    } else {
      method_ = std::move(method);
    }
  }

  StepResult run(const Batch& batch) {
    StepResult result = method_->step(batch, forward_);
    method_->accept();
    return result;
  }

  // How many of the answers are those of the network as shipped, in percent.
  double agreement(const Batch& batch) {
    const StepResult result = method_->step(batch, forward_);
    method_->discard();
    return test::agreement(result.logits, batch);
  }

  MemoryState learnt() const { return zoa::learnt(*method_); }
  const Guard& guard() const { return guarded_->guard(); }
  std::int64_t count(GuardReason reason) const { return guard().counters()[reason]; }
  Recentre& recentre() { return *recentre_; }
  FakeForward& forward() { return forward_; }
  Method& method() { return *method_; }

 private:
  FakeForward forward_;
  std::unique_ptr<Method> method_;
  Recentre* recentre_ = nullptr;
  GuardedMethod* guarded_ = nullptr;
};

// After a harmful window an ordinary one is answered otherwise than by the shipped network; with
// the guard nothing was learnt and the answers are right.
void expect_guarded(const Batch& harmful, const GuardOptions& options, GuardReason reason) {
  Subject bare({}, std::nullopt);
  Subject guarded({}, options);
  test::expect_harm_withheld(bare, guarded, harmful);
  EXPECT_EQ(guarded.count(reason), 1) << counters_text(guarded.guard().counters());
  EXPECT_EQ(guarded.guard().state(), GuardState::Hold);
}

TEST(GuardedMethod, NumbersThatAreNone) {
  expect_guarded(with_nan(1), only([](GuardOptions& o) { o.finite = true; }),
                 GuardReason::NonFiniteInput);
}

TEST(GuardedMethod, OneFrameRepeated) {
  expect_guarded(repeated(3), only([](GuardOptions& o) { o.least_images = 8; }),
                 GuardReason::NearDuplicates);
}

TEST(GuardedMethod, ConstantFrames) {
  expect_guarded(white(1), only([](GuardOptions& o) { o.least_images = 8; }),
                 GuardReason::ConstantFrames);
}

TEST(GuardedMethod, SmallWindow) {
  expect_guarded(all_classes(3, 1), only([](GuardOptions& o) { o.least_images = 8; }),
                 GuardReason::SmallWindow);
}

TEST(GuardedMethod, OneClass) {
  expect_guarded(one_class(1), only([](GuardOptions& o) {
                   o.least_spread = 0.5;
                   o.probe = 1;
                 }),
                 GuardReason::OneClass);
}

TEST(GuardedMethod, AnswersLessSureThanThePlainOnesDoNotCount) {
  // Learnt from one class, and asked about it: everything that told it apart is gone.
  const GuardOptions options = only([](GuardOptions& o) { o.probe = 1; });
  Subject bare({}, std::nullopt);
  Subject guarded({}, options);
  for (Subject* subject : {&bare, &guarded}) {
    subject->run(one_class(1));
  }
  EXPECT_LT(bare.agreement(one_class(2)), 60);
  EXPECT_EQ(guarded.agreement(one_class(2)), 100);
  guarded.run(one_class(2));
  EXPECT_EQ(guarded.count(GuardReason::UnsureAnswer), 1);
}

TEST(GuardedMethod, BatchStatisticsAnswerOrdinaryWindowsOnly) {
  // Takes its own mean away, as statistics of the batch do.
  RecentreOptions options;
  options.batch_statistics = true;
  Subject guarded(options, guard_options("on"));
  const StepResult ordinary = guarded.run(all_classes(1));
  EXPECT_TRUE(ordinary.updated);
  EXPECT_EQ(guarded.run(one_class(1)).guard, "hold: one_class");
  EXPECT_EQ(guarded.forward().passes(), 1U);  // the method did not run
  EXPECT_EQ(guarded.run(all_classes(2, 4)).guard, "hold: small_window");
  EXPECT_EQ(guarded.forward().passes(), 1U);
}

TEST(GuardedMethod, CollapseGoesBackToTheLastGoodSnapshot) {
  const GuardOptions options = only([](GuardOptions& o) {
    o.collapse = 0.6;
    o.probe = 1;
    o.snapshot_every = 1;
    o.patience = 2;
  });
  Subject bare({}, std::nullopt);
  Subject guarded({}, options);
  MemoryState good;
  for (Subject* subject : {&bare, &guarded}) {
    subject->run(all_classes(1));
    good = subject->learnt();
    subject->recentre().change().strength = 400;  // from now on every answer is one class
    EXPECT_EQ(subject->agreement(all_classes(2)) == 100, subject == &guarded);
    subject->run(all_classes(2));
    subject->run(all_classes(3));
  }
  EXPECT_NE(bare.learnt(), good);
  EXPECT_EQ(guarded.learnt(), good);
  EXPECT_EQ(guarded.count(GuardReason::Collapse), 2);
  EXPECT_EQ(guarded.count(GuardReason::Rollback), 1);
  // That does not help: back to the network as shipped.
  guarded.run(all_classes(4));
  guarded.run(all_classes(5));
  EXPECT_EQ(guarded.count(GuardReason::BackToShipped), 1);
  EXPECT_EQ(guarded.learnt(), Subject({}, std::nullopt).learnt());
}

// Learns, collapses, goes back; twice.
void break_down(Subject& subject) {
  for (std::uint64_t turn = 0; turn < 2; ++turn) {
    subject.recentre().change().strength = 1;
    subject.run(all_classes(10 + turn));
    subject.recentre().change().strength = 400;
    subject.run(all_classes(20 + turn));
  }
}

TEST(GuardedMethod, BreakerAnswersWithThePlainNetworkBitForBit) {
  Subject guarded({}, breaking(0));
  break_down(guarded);
  EXPECT_EQ(guarded.count(GuardReason::Breaker), 1);
  EXPECT_EQ(guarded.guard().state(), GuardState::Fallback);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Batch batch = all_classes(100 + seed);
    const StepResult result = guarded.run(batch);
    ASSERT_EQ(result.logits, test::shipped_answers(batch));
    ASSERT_EQ(guarded.forward().passes(), 1U);
  }
  EXPECT_EQ(guarded.guard().state(), GuardState::Fallback);
  guarded.method().reset();
  guarded.recentre().change().strength = 1;
  EXPECT_TRUE(guarded.run(all_classes(1)).updated);
}

TEST(GuardedMethod, BreakerRestsAsLongAsAskedFor) {
  Subject guarded({}, breaking(3));
  break_down(guarded);
  guarded.recentre().change().strength = 1;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_FALSE(guarded.run(all_classes(30 + seed)).updated);
  }
  EXPECT_TRUE(guarded.run(all_classes(40)).updated);
  EXPECT_EQ(guarded.guard().state(), GuardState::Adapting);
}

TEST(GuardedMethod, PeriodicReset) {
  GuardOptions options = guard_options("off");
  options.reset_every = 3;
  Subject guarded({}, options);
  const MemoryState shipped = guarded.learnt();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    guarded.run(all_classes(seed));
    EXPECT_EQ(guarded.learnt() == shipped, seed == 2);
  }
  EXPECT_EQ(guarded.count(GuardReason::PeriodicReset), 1);
}

TEST(GuardedMethod, ALossThatJumpsTeachesNothingWhereItCannotBeClipped) {
  const GuardOptions options = only([](GuardOptions& o) { o.clip = 6; });
  Subject guarded({}, options);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_TRUE(guarded.run(all_classes(seed)).updated);
  }
  guarded.recentre().change().difference = 5;
  EXPECT_FALSE(guarded.run(all_classes(11)).updated);
  EXPECT_EQ(guarded.count(GuardReason::ClippedDifference), 1);
}

TEST(GuardedMethod, WithoutEvidenceNothingIsLearnt) {
  GuardOptions options = guard_options("evidence");
  options.evidence_images = 128;
  Subject guarded({}, options);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_FALSE(guarded.run(all_classes(seed)).updated);
    EXPECT_EQ(guarded.forward().passes(), 1U);
  }
  EXPECT_EQ(guarded.count(GuardReason::WarmingUp), 2);
  EXPECT_EQ(guarded.count(GuardReason::NoEvidence), 8);
  bool updated = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Batch dim = make_fake_batch(64, 200 + seed);  // a sixth of the contrast: unsure answers
    updated = guarded.run(dim).updated || updated;
  }
  EXPECT_TRUE(updated);
}

// The bounds reach zoa's own step.
double offset_after(const GuardOptions& options, std::size_t steps, GuardReason reason) {
  ZoaOptions wild;
  wild.lr = 1;
  wild.wd = 0;
  FakeForward forward(Family::Vit, guarded_info(zoa_info(wild, fake_model(Family::Vit))));
  GuardedMethod method(make_zoa(wild, 7, forward.info(), make_fake_stats(forward.info())), options,
                       7, forward.info());
  double farthest = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const StepResult result = method.step(all_classes(i), forward);
    method.accept();
    farthest = std::max(farthest, reason == GuardReason::BoundedStep ? result.bounds->step_norm
                                                                     : result.bounds->offset_norm);
  }
  EXPECT_EQ(method.guard().counters()[reason] > 0, is_guarding(options));
  return farthest;
}

TEST(GuardedMethod, StepsAndTheWholeWayAreBounded) {
  const double shipped = std::sqrt(8.0);  // two norms of four gammas of 1
  EXPECT_GT(offset_after(guard_options("off"), 5, GuardReason::BoundedStep), 0.1 * shipped);
  EXPECT_LE(
      offset_after(only([](GuardOptions& o) { o.step_share = 0.01; }), 5, GuardReason::BoundedStep),
      0.01 * shipped * 1.0001);
  EXPECT_GT(offset_after(guard_options("off"), 5, GuardReason::BoundedOffset), shipped);
  EXPECT_LE(offset_after(only([](GuardOptions& o) { o.offset_share = 0.1; }), 5,
                         GuardReason::BoundedOffset),
            0.1 * shipped * 1.0001);
}

TEST(GuardedMethod, OffIsTheBareMethodBitForBit) {
  Subject bare({}, std::nullopt);
  Subject guarded({}, guard_options("off"));
  EXPECT_FALSE(is_guarding(guard_options("off")));
  EXPECT_FALSE(is_guarding(guard_options("paper")));
  for (const Batch& batch : {all_classes(1), one_class(2), repeated(3), white(4)}) {
    EXPECT_EQ(bare.run(batch).logits, guarded.run(batch).logits);
    EXPECT_EQ(bare.learnt(), guarded.learnt());
    EXPECT_EQ(guarded.guard().state(), GuardState::Off);
  }
  EXPECT_EQ(counters_text(guarded.guard().counters()), "");
  EXPECT_THROW(guard_options("strict"), Error);
}

TEST(GuardedMethod, SnapshotSurvivesSaveAndLoad) {
  GuardOptions options = guard_options("on");
  options.snapshot_every = 1;
  options.patience = 1;
  Subject first({}, options);
  first.run(all_classes(1));
  const MemoryState good = first.learnt();
  first.run(all_classes(2));
  MemoryState saved = save(first.method());
  Subject second({}, options);
  second.method().load(saved);
  EXPECT_EQ(save(second.method()), saved);
  for (Subject* subject : {&first, &second}) {
    subject->recentre().change().strength = 400;
    subject->run(all_classes(3));
    EXPECT_EQ(subject->count(GuardReason::Rollback), 1);
  }
  EXPECT_EQ(save(first.method()), save(second.method()));
}

TEST(GuardedMethod, TakesTheStateOfTheBareMethodAndRefusesDamage) {
  Subject bare({}, std::nullopt);
  bare.run(all_classes(1));
  Subject guarded({}, guard_options("on"));
  MemoryState state = save(bare.method());
  guarded.method().load(state);
  EXPECT_EQ(guarded.learnt(), bare.learnt());
  EXPECT_EQ(guarded.guard().state(), GuardState::Adapting);

  MemoryState whole = save(guarded.method());
  const MemoryState before = whole;
  for (const char* name : {"guard.shipped", "guard.numbers", "guard.counters"}) {
    MemoryState damaged = whole;
    damaged.put_i64(name, std::vector<std::int64_t>{1000, -5});
    EXPECT_THROW(guarded.method().load(damaged), Error) << name;
    EXPECT_EQ(save(guarded.method()), before);
  }
}

}  // namespace
}  // namespace zoa
