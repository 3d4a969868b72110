// SPDX-License-Identifier: Apache-2.0
// Pictures that may harm, options of single guards, and what the network as shipped says: for the
// tests of both forms of guarding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/adapt/guard_options.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"

namespace zoa::test {

/// Pictures of all classes, surely told apart.
inline Batch all_classes(std::uint64_t seed, std::size_t count = 64) {
  Batch batch = make_fake_batch(count, seed);
  for (float& pixel : batch.pixels) {
    pixel *= 6;
  }
  return batch;
}

/// Guards that give up after the second rollback, for `rest` windows.
inline GuardOptions breaking(std::int64_t rest) {
  GuardOptions options = guard_options("on");
  options.patience = 1;
  options.most_rollbacks = 2;
  options.rest = rest;
  return options;
}

/// Different pictures, but all of class 1.
inline Batch one_class(std::uint64_t seed, std::size_t count = 64) {
  return make_fake_batch(count, seed, 4);
}

inline Batch repeated(std::uint64_t seed, std::size_t count = 64) {
  Batch batch = all_classes(seed, count);
  const std::size_t size = batch.pixels.size() / batch.count;
  for (std::size_t i = size; i < batch.pixels.size(); ++i) {
    batch.pixels[i] = batch.pixels[i % size];
  }
  return batch;
}

inline Batch white(std::uint64_t seed, std::size_t count = 64) {
  Batch batch = all_classes(seed, count);
  std::fill(batch.pixels.begin(), batch.pixels.end(), 3.0F);
  return batch;
}

inline Batch with_nan(std::uint64_t seed, std::size_t count = 64) {
  Batch batch = all_classes(seed, count);
  batch.pixels[7] = std::numeric_limits<float>::quiet_NaN();
  return batch;
}

/// All guards off, then those that the test is about.
template <class Set>
GuardOptions only(Set set) {
  GuardOptions options = guard_options("off");
  set(options);
  return options;
}

/// Logits (B, K) of the network as shipped.
inline std::vector<float> shipped_answers(const Batch& batch) {
  FakeForward plain(Family::Vit, MethodInfo{});
  plain.begin(batch);
  const std::span<const float> logits = plain.pass({}).logits;
  return {logits.begin(), logits.end()};
}

/// How many of the answers are those of the network as shipped, in percent.
inline double agreement(std::span<const float> logits, const Batch& batch) {
  constexpr std::size_t kClasses = FakeForward::kClasses;
  const std::vector<float> shipped = shipped_answers(batch);
  const auto top = [](const float* row) { return std::max_element(row, row + kClasses) - row; };
  std::size_t same = 0;
  for (std::size_t i = 0; i < batch.count; ++i) {
    same += top(&logits[i * kClasses]) == top(&shipped[i * kClasses]) ? 1U : 0U;
  }
  return 100.0 * static_cast<double>(same) / static_cast<double>(batch.count);
}

/// After harmful pictures ordinary ones are answered otherwise than by the shipped network; with
/// the guard nothing was learnt and the answers are right. Gives the guarded one's last answer.
template <class Subject>
auto expect_harm_withheld(Subject& bare, Subject& guarded, const Batch& harmful) {
  constexpr double kHarmed = 80;
  bare.run(harmful);
  EXPECT_LT(bare.agreement(all_classes(99)), kHarmed) << "no harm to guard against";
  const MemoryState before = guarded.learnt();
  auto last = guarded.run(harmful);
  EXPECT_EQ(guarded.learnt(), before);
  EXPECT_EQ(guarded.agreement(all_classes(99)), 100);
  return last;
}

}  // namespace zoa::test
