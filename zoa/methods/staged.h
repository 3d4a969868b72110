// SPDX-License-Identifier: Apache-2.0
// What methods have in common whose whole state is one value: staging, reset, save and load. Such a
// method writes step() and its State only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zoa/methods/method.h"
#include "zoa/methods/parts.h"

namespace zoa {

/// For methods that keep nothing from batch to batch.
struct NoState {
  void save(StateWriter& /*writer*/, const std::string& /*prefix*/) const {}
  void load(const StateReader& /*reader*/, const std::string& /*prefix*/) {}
};

/// State  a value with save(writer, prefix) and load(reader, prefix); load() throws StateMismatch
/// or
///        BadFile for what does not fit and may then leave its object half filled.
template <class State>
class StagedMethod : public Method {
 public:
  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return options_; }

  void accept() override {
    if (staged_) {
      state_ = std::move(*staged_);
      staged_.reset();
    }
  }
  void discard() override { staged_.reset(); }
  void reset() override {
    staged_.reset();
    state_ = first_;
  }

  void save(StateWriter& writer) const override {
    save_version(writer, info_.name, kVersion);
    state_.save(writer, info_.name);
  }
  void load(StateReader& reader) override {
    check_version(reader, info_.name, kVersion);
    State loaded = first_;
    loaded.load(reader, info_.name);
    state_ = std::move(loaded);
    staged_.reset();
  }

 protected:
  StagedMethod(MethodInfo info, std::vector<OptionText> options, State first)
      : info_(std::move(info)),
        options_(std::move(options)),
        first_(std::move(first)),
        state_(first_) {}

  const State& state() const { return state_; }

  /// For what single frames bring at once (FrameMethod::observe_frame).
  State& live_state() { return state_; }

  /// The start of every step: an update that nobody accepted is dropped.
  /// Throws  InvalidArgument for a batch without images.
  void begin(const Batch& batch, Forward& forward) {
    staged_.reset();
    check_batch(batch);
    forward.begin(batch);
  }

  void stage(State next, StepResult& result) {
    staged_ = std::move(next);
    result.updated = true;
  }

 private:
  static constexpr std::int64_t kVersion = 1;

  MethodInfo info_;
  std::vector<OptionText> options_;
  State first_;
  State state_;
  std::optional<State> staged_;
};

}  // namespace zoa
