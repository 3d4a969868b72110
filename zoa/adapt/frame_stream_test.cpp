// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/frame_stream.h"

#include <cmath>

#include <gtest/gtest.h>

#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

FrameOptions small_windows() {
  FrameOptions options;
  options.window = 8;
  options.pending = 3;
  return options;
}

// A method, a network and a stream, with frames that are a function of their number.
struct Rig {
  explicit Rig(const FrameOptions& options = small_windows())
      : method(make_zoa(zoa_options(), 4, forward.info(), make_fake_stats(forward.info()))),
        stream(*method, forward, options) {}

  static ZoaOptions zoa_options() {
    ZoaOptions options;
    options.domain_batch = 8;
    return options;
  }
  static Batch frame(std::uint64_t number) {
    return make_fake_batch(1, 100 + number, number / 64 % 2 == 0 ? 0.0 : 2.0);
  }
  FrameAnswer push(std::uint64_t number) { return stream.push(frame(number)); }
  MemoryState save() {
    MemoryState state;
    stream.save(state);
    return state;
  }

  FakeForward forward;
  std::unique_ptr<Method> method;
  FrameStream stream;
};

TEST(FrameStream, AnswersAtOnceAndLearnsOncePerWindow) {
  Rig rig;
  for (std::uint64_t i = 0; i < 24; ++i) {
    const FrameAnswer answer = rig.push(i);
    EXPECT_EQ(answer.logits.size(), FakeForward::kClasses);
    EXPECT_EQ(answer.skip, FrameSkip::None);
    EXPECT_EQ(answer.learnt.has_value(), i % 8 == 7) << i;
    EXPECT_EQ(rig.stream.waiting(), 0U);
  }
  EXPECT_EQ(rig.stream.counters().frames, 24U);
  EXPECT_EQ(rig.stream.counters().windows, 3U);
  EXPECT_EQ(rig.stream.counters().updates, 3U);
  EXPECT_EQ(rig.stream.counters().waited, 0U);
}

TEST(FrameStream, TheFirstWindowIsAnsweredAsShipped) {
  Rig rig;
  for (std::uint64_t i = 0; i < 8; ++i) {
    const FrameAnswer answer = rig.push(i);
    FakeForward plain;
    plain.begin(Rig::frame(i));
    const PassOutput wanted = plain.pass(SlotValues(plain.info().slots.size()));
    EXPECT_TRUE(std::equal(wanted.answer.begin(), wanted.answer.end(), answer.logits.begin()));
  }
}

// Passes that run later teach what passes that run at once teach.
TEST(FrameStream, TheTimeOfTheFurtherPassesDoesNotMatter) {
  FrameOptions lazy = small_windows();
  lazy.window = 9;  // so that no frame meets a window that waits for its last passes
  Rig at_once(lazy);
  lazy.budget_ms = 0;
  Rig later(lazy);
  for (std::uint64_t i = 0; i < 40; ++i) {
    at_once.push(i);
    later.push(i);
    EXPECT_EQ(later.stream.waiting(), i % 3 + 1);
    if (i % 3 == 2) {
      EXPECT_TRUE(later.stream.step(-1));
    }
  }
  const MemoryState wanted = at_once.save();
  const MemoryState found = later.save();
  for (const char* name : {"zoa.eps", "zoa.alpha", "frames.pass1.mean"}) {
    if (std::string(name) == "zoa.eps") {
      EXPECT_EQ(found.get_f32(name), wanted.get_f32(name));
    } else {
      EXPECT_EQ(found.get_f64(name), wanted.get_f64(name)) << name;
    }
  }
  EXPECT_EQ(later.stream.counters().waited, 40U);
}

TEST(FrameStream, TooLateIsAnsweredAndCounted) {
  FrameOptions lazy = small_windows();
  lazy.budget_ms = 0;
  Rig rig(lazy);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const FrameAnswer answer = rig.push(i);
    EXPECT_EQ(answer.skip, i < 3 ? FrameSkip::None : FrameSkip::Late);
    EXPECT_FALSE(answer.logits.empty());
  }
  EXPECT_EQ(rig.stream.counters().late, 7U);
  EXPECT_EQ(rig.stream.window_frames(), 3U);
  EXPECT_FALSE(rig.stream.step(0));
  EXPECT_TRUE(rig.stream.step(1e6));
  EXPECT_EQ(rig.push(11).skip, FrameSkip::None);
}

TEST(FrameStream, FramesThatAreNotNumbersStayOut) {
  Rig with;
  Rig without;
  for (std::uint64_t i = 0; i < 20; ++i) {
    without.push(i);
    with.push(i);
    Batch broken = Rig::frame(i);
    broken.pixels[3] = i % 2 == 0 ? NAN : INFINITY;
    EXPECT_EQ(with.stream.push(broken).skip, FrameSkip::NotFinite);
  }
  EXPECT_EQ(with.stream.counters().not_finite, 20U);
  EXPECT_EQ(with.save().get_f32("zoa.eps"), without.save().get_f32("zoa.eps"));
}

TEST(FrameStream, FrozenAnswersGoOn) {
  Rig rig;
  rig.push(0);
  rig.stream.freeze(true);
  EXPECT_EQ(rig.push(1).skip, FrameSkip::Frozen);
  EXPECT_EQ(rig.stream.window_frames(), 1U);
  rig.stream.freeze(false);
  EXPECT_EQ(rig.push(2).skip, FrameSkip::None);
}

// Run k, save, restore elsewhere, run the rest: bit for bit the run that nobody broke off.
TEST(FrameStream, ResumesExactlyAtEveryFrame) {
  constexpr std::uint64_t kFrames = 50 * 8;
  Rig whole;
  std::vector<Bytes> saved;
  std::vector<std::vector<float>> answers;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    saved.push_back(whole.save().to_bytes());
    answers.push_back(whole.push(i).logits);
  }
  const MemoryState end = whole.save();
  EXPECT_GT(end.get_f64("zoa.alpha").size(), 1U);  // domains changed on the way
  for (std::uint64_t k = 0; k < kFrames; k += 7) {
    Rig rest;
    MemoryState state = MemoryState::from_bytes(saved[k], "state");
    rest.stream.load(state);
    for (std::uint64_t i = k; i < kFrames; ++i) {
      ASSERT_EQ(rest.push(i).logits, answers[i]) << k << " " << i;
    }
    ASSERT_EQ(rest.save(), end) << k;
  }
}

TEST(FrameStream, AStateOfAnotherWindowIsRefused) {
  Rig rig;
  rig.push(0);
  MemoryState state = rig.save();
  FrameOptions other = small_windows();
  other.window = 9;
  Rig target(other);
  EXPECT_EQ(test::error_of([&] { target.stream.load(state); }).first, ErrorCode::StateMismatch);
  std::vector<std::int64_t> counters = state.get_i64("frames.counters");
  counters[2] = 5;  // frames in the window
  state.put_i64("frames.counters", counters);
  EXPECT_EQ(test::error_of([&] { rig.stream.load(state); }).first, ErrorCode::BadFile);
}

// What 'zoa eval --state-out' and 'zoa state reset' write.
TEST(FrameStream, AStateOfTheMethodAloneBeginsAWindow) {
  Rig rig;
  for (std::uint64_t i = 0; i < 20; ++i) {
    rig.push(i);
  }
  MemoryState learnt;
  rig.method->save(learnt);
  Rig other;
  other.push(0);
  other.stream.load(learnt);
  EXPECT_EQ(other.stream.window_frames(), 0U);
  EXPECT_EQ(other.stream.counters().frames, 0U);
  MemoryState loaded;
  other.method->save(loaded);
  EXPECT_EQ(loaded, learnt);
}

TEST(FrameStream, WantsOneImageAndAMethodForFrames) {
  Rig rig;
  EXPECT_EQ(test::error_of([&] { rig.stream.push(make_fake_batch(2, 1)); }).first,
            ErrorCode::InvalidArgument);
  const auto batches = make_method("lame", {}, 1, rig.forward.info(), {});
  const auto [code, text] =
      test::error_of([&] { FrameStream(*batches, rig.forward, small_windows()); });
  EXPECT_EQ(code, ErrorCode::UnsupportedModel);
  EXPECT_NE(text.find("lame"), std::string::npos);
}

TEST(FrameStream, ResetForgets) {
  Rig rig;
  for (std::uint64_t i = 0; i < 20; ++i) {
    rig.push(i);
  }
  rig.stream.reset();
  EXPECT_EQ(rig.stream.window_frames(), 0U);
  Rig fresh;
  EXPECT_EQ(rig.push(3).logits, fresh.push(3).logits);
}

}  // namespace
}  // namespace zoa
