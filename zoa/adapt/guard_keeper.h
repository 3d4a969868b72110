// SPDX-License-Identifier: Apache-2.0
// A method and its guards: what both forms of guarding share, that for batches (guarded_method.h)
// and that for single frames (guarded_frames.h). Keeps the states to go back to and does what a
// verdict asks for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "zoa/adapt/guard.h"
#include "zoa/methods/method.h"

namespace zoa {

/// What came of the method's step in a window.
struct GuardedStep {
  bool ran = false;  ///< false: the plain network's answers forbid it
  StepResult result;
  StepVerdict verdict{true, StepAction::Discard};
};

class GuardKeeper {
 public:
  /// method  must outlive the keeper
  /// Throws  InvalidArgument for options out of range.
  GuardKeeper(Method& method,
              const GuardOptions& options,
              std::uint64_t seed,
              const ModelInfo& model);

  /// For streams whose norms follow the images: an answer depends on its neighbours there too.
  /// Before the first window.
  void depend_on_neighbours();

  const Guard& guard() const { return guard_; }
  Method& method() { return *method_; }
  void note(GuardReason reason) { guard_.note(reason); }

  /// The step of a window that was checked: its bounds, and the guards' verdict.
  /// plain  answers of the plain network; null where it was not asked
  /// step   runs the method's step and describes its answers
  GuardedStep run(Guard& guard,
                  const AnswerFacts* plain,
                  const std::function<StepResult(AnswerFacts& answers)>& step) const;

  /// The guards after a window become real, and the method accepts, discards or goes back.
  void apply(Guard next, StepAction action);

  /// The method as in this state, without its staged update. One that does not fit can only come
  /// from a file; then the method starts anew.
  void go_back(const std::vector<std::uint8_t>& state);

  void reset();
  void save(StateWriter& writer) const;
  /// A state without guards (of the bare method) is taken too: the guards start anew.
  /// Throws  StateMismatch, BadFile. Nothing is changed then.
  void load(StateReader& reader);

 private:
  Method* method_;
  Guard first_;
  Guard guard_;
  std::vector<std::uint8_t> good_;     // bytes of the method's last good state; empty: none
  std::vector<std::uint8_t> shipped_;  // and of the first one, with the seed that it began with
};

/// All of a method's state.
std::vector<std::uint8_t> state_bytes(const Method& method);

/// A state within a state: as an array of integers.
void put_snapshot(StateWriter& writer,
                  const std::string& name,
                  const std::vector<std::uint8_t>& snapshot);
/// Empty where an empty one was put.
/// Throws  StateMismatch, BadFile.
std::vector<std::uint8_t> get_snapshot(const StateReader& reader, const std::string& name);

}  // namespace zoa
