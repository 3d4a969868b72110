// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/window.h"

#include <cmath>

#include <gtest/gtest.h>

#include "zoa/core/rng.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/fake_forward.h"

namespace zoa {
namespace {

constexpr std::size_t kClasses = 3;
constexpr std::size_t kWidth = 5;

struct Rows {
  std::vector<float> logits;
  std::vector<float> taps;

  PassOutput rows(std::size_t first, std::size_t count) const {
    PassOutput output;
    output.logits = std::span(logits).subspan(first * kClasses, count * kClasses);
    output.taps = std::span(taps).subspan(first * kWidth, count * kWidth);
    return output;
  }
};

Rows make_rows(std::size_t images, double offset) {
  const Rng rng(5, 0);
  Rows rows;
  for (std::size_t i = 0; i < images * kClasses; ++i) {
    rows.logits.push_back(static_cast<float>(rng.normal(i)));
  }
  for (std::size_t i = 0; i < images * kWidth; ++i) {
    rows.taps.push_back(static_cast<float>(offset + rng.normal(1000 + i)));
  }
  return rows;
}

TEST(PassSums, AreThoseOfOneBatch) {
  const std::size_t images = 37;
  for (const double offset : {0.0, 1000.0}) {  // a large mean must not eat the deviation
    const Rows rows = make_rows(images, offset);
    PassSums sums(kClasses, kWidth);
    for (std::size_t i = 0; i < images; ++i) {
      sums.add(rows.rows(i, 1));
    }
    const BatchMoments wanted = compute_moments(rows.taps, kWidth);
    const BatchMoments found = sums.moments();
    EXPECT_EQ(sums.count(), images);
    EXPECT_NEAR(sums.entropy(), compute_entropy(rows.logits, kClasses), 1e-14);
    ASSERT_EQ(found.deviation.size(), kWidth);
    for (std::size_t i = 0; i < kWidth; ++i) {
      EXPECT_NEAR(found.mean[i], wanted.mean[i], 1e-12 * (1 + offset));
      EXPECT_NEAR(found.deviation[i], wanted.deviation[i], 1e-12);
    }
  }
}

TEST(PassSums, OneImageHasNoDeviation) {
  PassSums sums(kClasses, kWidth);
  sums.add(make_rows(1, 0).rows(0, 1));
  EXPECT_TRUE(sums.moments().deviation.empty());
}

TEST(PassSums, GoOnAfterALoad) {
  const Rows rows = make_rows(9, 1);
  PassSums whole(kClasses, kWidth);
  whole.add(rows.rows(0, 9));
  PassSums half(kClasses, kWidth);
  half.add(rows.rows(0, 4));
  MemoryState state;
  half.save(state, "x");
  PassSums rest(kClasses, kWidth);
  rest.load(state, "x");
  rest.add(rows.rows(4, 5));
  MemoryState a;
  MemoryState b;
  whole.save(a, "x");
  rest.save(b, "x");
  EXPECT_EQ(a, b);
  PassSums other(kClasses, kWidth + 1);
  EXPECT_EQ(test::error_of([&] { other.load(state, "x"); }).first, ErrorCode::StateMismatch);
  state.put_f64("x.squares", std::vector<double>(kWidth, -1.0));
  EXPECT_EQ(test::error_of([&] { rest.load(state, "x"); }).first, ErrorCode::BadFile);
}

// The stem of single frames, put together, is that of the batch.
TEST(StemSums, AreThoseOfOneBatch) {
  FakeForward forward;
  const Batch batch = make_fake_batch(20, 3, 0.4);
  forward.begin(batch);
  const StemStats wanted = forward.stem();
  StemSums sums;
  for (std::size_t i = 0; i < batch.count; ++i) {
    forward.begin(take_image(batch, i));
    sums.add(forward.stem());
  }
  MemoryState state;
  sums.save(state, "s");
  StemSums loaded;
  loaded.load(state, "s");
  const StemStats found = loaded.stats();
  EXPECT_EQ(found.count, wanted.count);
  EXPECT_EQ(found.values, wanted.values);
  for (std::size_t c = 0; c < wanted.mean.size(); ++c) {
    EXPECT_NEAR(found.mean[c], wanted.mean[c], 1e-12);
    EXPECT_NEAR(found.variance[c], wanted.variance[c], 1e-12);
  }
}

}  // namespace
}  // namespace zoa
