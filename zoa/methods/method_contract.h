// SPDX-License-Identifier: Apache-2.0
// What every method must keep, as one test helper: check_method(make) lists the broken promises,
// each with its place. Knows no test framework. For tests only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method.h"

namespace zoa {

/// Makes the method anew for a model; called many times.
using MakeMethod = std::function<std::unique_ptr<Method>(
    std::uint64_t seed, const ModelInfo& model, const SourceStats& stats)>;

/// What the method asks of the engine, for a model of a family.
using FindNeeds = std::function<MethodInfo(const ModelInfo& model)>;

inline MemoryState save(const Method& method) {
  MemoryState state;
  method.save(state);
  return state;
}

/// What a method has learnt: its state without what guards count about the stream ("guard.").
inline MemoryState learnt(const Method& method) {
  class Filter final : public StateWriter {
   public:
    explicit Filter(MemoryState& kept) : kept_(kept) {}
    void put_f32(const std::string& name, std::span<const float> values) override {
      if (is_kept(name)) {
        kept_.put_f32(name, values);
      }
    }
    void put_f64(const std::string& name, std::span<const double> values) override {
      if (is_kept(name)) {
        kept_.put_f64(name, values);
      }
    }
    void put_i64(const std::string& name, std::span<const std::int64_t> values) override {
      if (is_kept(name)) {
        kept_.put_i64(name, values);
      }
    }

   private:
    static bool is_kept(const std::string& name) { return name.rfind("guard.", 0) != 0; }
    MemoryState& kept_;
  };
  MemoryState state;
  Filter filter(state);
  method.save(filter);
  return state;
}

class MethodContract {
 public:
  MethodContract(MakeMethod make, const FindNeeds& needs, Family family)
      : make_(std::move(make)), family_(family), needs_(needs(fake_model(family))) {}

  std::vector<std::string> check() {
    check_discard();
    check_save_load();
    check_seed_and_reset();
    check_bad_number(std::numeric_limits<float>::quiet_NaN());
    check_bad_number(std::numeric_limits<float>::infinity());
    check_batch_sizes();
    check_foreign_state();
    return broken_;
  }

 private:
  static constexpr std::size_t kSteps = 14;

  // A stream with three domains, 64 images a batch.
  static Batch stream_batch(std::size_t step) {
    constexpr double kMeans[] = {0, 2, -1.5};
    return make_fake_batch(64, 100 + step, kMeans[step / 4 % 3]);
  }

  static bool is_same(const StepResult& a, const StepResult& b) {
    return a.logits == b.logits && a.loss == b.loss && a.entropy == b.entropy &&
           a.discrepancy == b.discrepancy && a.loss_perturbed == b.loss_perturbed &&
           a.domain_distance == b.domain_distance && a.domain_changed == b.domain_changed &&
           a.removed_entry == b.removed_entry && a.bank_entries == b.bank_entries &&
           a.updated == b.updated;
  }

  template <class Call>
  static bool throws_error(Call call) {
    try {
      call();
    } catch (const Error&) {
      return true;
    }
    return false;
  }

  void expect(bool kept, const std::string& promise, std::size_t place) {
    if (!kept) {
      broken_.push_back((family_ == Family::Vit ? "vit: " : "cnn: ") + promise + " (" +
                        std::to_string(place) + ")");
    }
  }

  std::unique_ptr<Method> make(std::uint64_t seed = 7) const {
    const FakeForward forward(family_, needs_);
    return make_(seed, forward.info(), make_fake_stats(forward.info()));
  }

  void run(Method& method, std::size_t first, std::size_t last) const {
    FakeForward forward(family_, needs_);
    for (std::size_t step = first; step < last; ++step) {
      method.step(stream_batch(step), forward);
      method.accept();
    }
  }

  void check_discard() {
    FakeForward forward(family_, needs_);
    const auto method = make();
    for (std::size_t step = 0; step < kSteps; ++step) {
      const MemoryState before = save(*method);
      const StepResult first = method->step(stream_batch(step), forward);
      expect(before == save(*method), "step() alone leaves the state alone", step);
      method->discard();
      method->accept();
      expect(before == save(*method), "discard() leaves no trace", step);
      const StepResult second = method->step(stream_batch(step), forward);
      expect(is_same(first, second), "a discarded step can be repeated", step);
      method->accept();
    }
  }

  // Saved at any place and loaded into a method made with another seed.
  void check_save_load() {
    FakeForward forward(family_, needs_);
    const auto method = make();
    for (std::size_t step = 0; step < kSteps; ++step) {
      MemoryState saved = MemoryState::from_bytes(save(*method).to_bytes(), "contract");
      const auto other = make(8);
      other->load(saved);
      expect(saved == save(*other), "load() restores what save() wrote", step);
      const StepResult wanted = method->step(stream_batch(step), forward);
      expect(is_same(wanted, other->step(stream_batch(step), forward)),
             "the step after load() is the one of the uninterrupted run", step);
      method->accept();
      other->accept();
      expect(save(*method) == save(*other), "so is the state after it", step);
    }
  }

  void check_seed_and_reset() {
    FakeForward forward(family_, needs_);
    const auto method = make();
    const auto twin = make();
    const MemoryState fresh = save(*method);
    run(*method, 0, kSteps);
    run(*twin, 0, kSteps);
    expect(save(*method) == save(*twin), "the same seed gives the same bytes", kSteps);
    method->step(stream_batch(kSteps), forward);
    method->reset();
    method->accept();
    expect(fresh == save(*method), "reset() is as newly made", kSteps);
    run(*method, 0, kSteps);
    expect(save(*method) == save(*twin), "a run after reset() is the first run", kSteps);
  }

  // One bad pixel is answered as well as can be and is not learnt from.
  void check_bad_number(float bad) {
    constexpr std::size_t kPlace = 3;
    FakeForward forward(family_, needs_);
    const auto method = make();
    run(*method, 0, kPlace);
    const MemoryState before = learnt(*method);
    Batch batch = stream_batch(kPlace);
    batch.pixels[5] = bad;
    const StepResult result = method->step(batch, forward);
    method->accept();
    expect(result.logits.size() == batch.count * FakeForward::kClasses,
           "a batch with a bad number is answered", kPlace);
    expect(!result.updated && before == learnt(*method), "it is not learnt from", kPlace);
    const StepResult next = method->step(stream_batch(kPlace + 1), forward);
    expect(std::all_of(next.logits.begin(), next.logits.end(),
                       [](float logit) { return std::isfinite(logit); }),
           "the next answer is finite", kPlace);
  }

  void check_batch_sizes() {
    FakeForward forward(family_, needs_);
    const auto method = make();
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{65}}) {
      if (count < method->info().least_batch) {
        continue;
      }
      const StepResult result = method->step(make_fake_batch(count, 3), forward);
      method->accept();
      expect(result.logits.size() == count * FakeForward::kClasses && std::isfinite(result.loss),
             "any batch from least_batch on works", count);
      expect(forward.passes() >= 1 && forward.passes() <= method->info().most_passes,
             "no more passes than most_passes", count);
    }
    expect(throws_error([&] { method->step(Batch{}, forward); }), "an empty batch is refused", 0);
  }

  void check_foreign_state() {
    const auto method = make();
    run(*method, 0, 3);
    const MemoryState before = save(*method);
    MemoryState empty;
    expect(throws_error([&] { method->load(empty); }) && before == save(*method),
           "a foreign state is refused and changes nothing", 3);
  }

  MakeMethod make_;
  Family family_;
  MethodInfo needs_;
  std::vector<std::string> broken_;
};

/// Broken promises of a method on a transformer and on a CNN; empty = it keeps the contract. A
/// family that the method refuses (UnsupportedModel) is left out, not both.
inline std::vector<std::string> check_method(const MakeMethod& make, const FindNeeds& needs) {
  std::vector<std::string> broken;
  std::size_t refused = 0;
  for (const Family family : {Family::Vit, Family::Cnn}) {
    try {
      for (std::string& text : MethodContract(make, needs, family).check()) {
        broken.push_back(std::move(text));
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::UnsupportedModel) {
        throw;
      }
      ++refused;
    }
  }
  if (refused == 2) {
    broken.emplace_back("no family is supported");
  }
  return broken;
}

/// A method of the table.
inline std::vector<std::string> check_method(const std::string& name,
                                             const OptionValues& overrides = {}) {
  return check_method(
      [&](std::uint64_t seed, const ModelInfo& model, const SourceStats& stats) {
        return make_method(name, overrides, seed, model, stats);
      },
      [&](const ModelInfo& model) { return method_needs(name, overrides, model); });
}

}  // namespace zoa
