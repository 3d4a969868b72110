// SPDX-License-Identifier: Apache-2.0
// What every method must keep, as one test helper: check_method(make). For GoogleTest programs
// only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method.h"

namespace zoa {

/// Makes the method anew for a model; called many times.
using MakeMethod = std::function<std::unique_ptr<Method>(
    std::uint64_t seed, const ModelInfo& model, const SourceStats& stats)>;

namespace contract {

// A stream with three domains, 64 images a batch.
inline Batch stream_batch(std::size_t step) {
  constexpr double kMeans[] = {0, 2, -1.5};
  return make_fake_batch(64, 100 + step, kMeans[step / 4 % 3]);
}

inline MemoryState state_of(const Method& method) {
  MemoryState state;
  method.save(state);
  return state;
}

inline void run(Method& method, FakeForward& forward, std::size_t first, std::size_t last) {
  for (std::size_t step = first; step < last; ++step) {
    method.step(stream_batch(step), forward);
    method.accept();
  }
}

inline void expect_same(const StepResult& a, const StepResult& b) {
  EXPECT_EQ(a.logits, b.logits);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.loss_perturbed, b.loss_perturbed);
  EXPECT_EQ(a.domain_distance, b.domain_distance);
  EXPECT_EQ(a.domain_changed, b.domain_changed);
  EXPECT_EQ(a.removed_entry, b.removed_entry);
  EXPECT_EQ(a.bank_entries, b.bank_entries);
  EXPECT_EQ(a.updated, b.updated);
}

// At every place of the stream: a discarded step leaves no trace and can be repeated.
inline void check_discard(const MakeMethod& make, Family family) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  for (std::size_t step = 0; step < 14; ++step) {
    const MemoryState before = state_of(*method);
    const StepResult first = method->step(stream_batch(step), forward);
    EXPECT_TRUE(before == state_of(*method)) << "step() itself changed the state";
    method->discard();
    EXPECT_TRUE(before == state_of(*method)) << "discard() left a trace at step " << step;
    method->accept();
    EXPECT_TRUE(before == state_of(*method)) << "accept() after discard() did something";
    expect_same(first, method->step(stream_batch(step), forward));
    method->accept();
  }
}

// Saved at any place, loaded into a method made with another seed: the stream goes on bit for bit.
inline void check_save_load(const MakeMethod& make, Family family) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  for (std::size_t step = 0; step < 14; ++step) {
    MemoryState saved = MemoryState::from_bytes(state_of(*method).to_bytes(), "contract");
    const auto other = make(8, forward.info(), make_fake_stats());
    other->load(saved);
    EXPECT_TRUE(saved == state_of(*other));
    const StepResult wanted = method->step(stream_batch(step), forward);
    expect_same(wanted, other->step(stream_batch(step), forward));
    method->accept();
    other->accept();
    EXPECT_EQ(state_of(*method).to_bytes(), state_of(*other).to_bytes()) << "step " << step;
  }
}

inline void check_seed_and_reset(const MakeMethod& make, Family family) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  const auto twin = make(7, forward.info(), make_fake_stats());
  const MemoryState fresh = state_of(*method);
  run(*method, forward, 0, 10);
  run(*twin, forward, 0, 10);
  EXPECT_EQ(state_of(*method).to_bytes(), state_of(*twin).to_bytes());
  method->step(stream_batch(10), forward);
  method->reset();
  method->accept();
  EXPECT_TRUE(fresh == state_of(*method)) << "reset() is not as newly made";
  run(*method, forward, 0, 10);
  EXPECT_EQ(state_of(*method).to_bytes(), state_of(*twin).to_bytes());
}

// One bad number is answered as well as can be and is not learnt from.
inline void check_bad_numbers(const MakeMethod& make, Family family, float bad) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  const auto spared = make(7, forward.info(), make_fake_stats());
  run(*method, forward, 0, 3);
  run(*spared, forward, 0, 3);
  Batch batch = stream_batch(3);
  batch.pixels[5] = bad;
  const StepResult result = method->step(batch, forward);
  EXPECT_EQ(result.logits.size(), batch.count * FakeForward::kClasses);
  EXPECT_FALSE(result.updated);
  method->accept();
  EXPECT_EQ(state_of(*method).to_bytes(), state_of(*spared).to_bytes());
  for (const float logit : method->step(stream_batch(4), forward).logits) {
    EXPECT_TRUE(std::isfinite(logit));
  }
}

inline void check_batch_sizes(const MakeMethod& make, Family family) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{65}}) {
    if (count < method->info().least_batch) {
      continue;
    }
    const StepResult result = method->step(make_fake_batch(count, 3), forward);
    method->accept();
    EXPECT_EQ(result.logits.size(), count * FakeForward::kClasses);
    EXPECT_TRUE(std::isfinite(result.loss)) << "batch of " << count;
    EXPECT_GE(forward.passes(), std::size_t{1});
    EXPECT_LE(forward.passes(), method->info().most_passes);
  }
  EXPECT_THROW(method->step(Batch{}, forward), Error);
}

// A state of another method, or none at all, is refused and changes nothing.
inline void check_foreign_state(const MakeMethod& make, Family family) {
  FakeForward forward(family);
  const auto method = make(7, forward.info(), make_fake_stats());
  run(*method, forward, 0, 3);
  const MemoryState before = state_of(*method);
  MemoryState empty;
  EXPECT_THROW(method->load(empty), Error);
  EXPECT_TRUE(before == state_of(*method));
}

}  // namespace contract

/// All of the above, on a transformer and a CNN.
inline void check_method(const MakeMethod& make) {
  for (const Family family : {Family::Vit, Family::Cnn}) {
    SCOPED_TRACE(family == Family::Vit ? "vit" : "cnn");
    contract::check_discard(make, family);
    contract::check_save_load(make, family);
    contract::check_seed_and_reset(make, family);
    contract::check_bad_numbers(make, family, std::numeric_limits<float>::quiet_NaN());
    contract::check_bad_numbers(make, family, std::numeric_limits<float>::infinity());
    contract::check_batch_sizes(make, family);
    contract::check_foreign_state(make, family);
  }
}

}  // namespace zoa
