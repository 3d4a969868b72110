// SPDX-License-Identifier: Apache-2.0
// The guards' policy: what may be learnt, which answer the user gets, when to go back. Knows no
// batches, frames or methods: it is told facts and gives verdicts, one window after the other:
//
//   check_window   the images, before any pass            may the method answer, may it learn?
//   check_plain    the plain network's answers, if asked  the same, once more
//   check_step     what the method did                    whose answer counts, what to do next
//
// A value: a copy that is thrown away leaves no trace, so a window can be tried. Every guard with
// its reason, default and figures: docs/methods/guards.md.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "zoa/adapt/evidence.h"
#include "zoa/adapt/guard_options.h"
#include "zoa/adapt/guard_reason.h"
#include "zoa/adapt/guard_window.h"
#include "zoa/adapt/usual_range.h"
#include "zoa/methods/method.h"

namespace zoa {

/// Of the guards' arrays in a saved state.
inline constexpr char kGuardPrefix[] = "guard";

/// What the guards need to know of method and network.
struct GuardSetting {
  bool batch_statistics = false;  ///< an image's answer depends on its neighbours
  double shipped_norm = 0;        ///< Euclidean norm of the adapted parameters as shipped
  std::uint64_t seed = 0;
};

/// Before the method's passes. Where the method does not answer, the plain network does.
struct WindowVerdict {
  bool method_answers = true;
  bool learn = true;
};

enum class StepAction {
  Accept,         ///< the staged update
  AcceptAndKeep,  ///< and the state after it is a snapshot to go back to
  Discard,
  GoBack,     ///< discard, and load the last snapshot
  GoShipped,  ///< discard, and reset the method; forget the snapshot
};

struct StepVerdict {
  bool plain_answers = false;
  StepAction action = StepAction::Accept;
};

/// What the method did in a window.
struct StepFacts {
  const StepResult& result;
  const AnswerFacts& answers;  ///< of the method
  const AnswerFacts* plain;    ///< null where the plain network was not asked
};

class Guard {
 public:
  /// Throws  InvalidArgument for options out of range.
  Guard(const GuardOptions& options, const GuardSetting& setting);

  /// Starts a window.
  WindowVerdict check_window(const WindowFacts& window);

  /// Whether the plain network should be asked before the method in this window.
  bool wants_plain() const;

  /// Takes the answers of the plain network on this window.
  WindowVerdict check_plain(const AnswerFacts& plain);

  /// Bounds for the method's step in this window.
  StepLimits limits() const;

  /// Ends a window in which the method ran.
  StepVerdict check_step(const StepFacts& step);

  /// Counts what happened to a single frame outside of a window's verdict.
  void note(GuardReason reason) { counters_.add(reason); }

  /// The test for a shift is on and has not seen one: only the plain network runs.
  bool awaits_evidence() const { return options_.evidence > 0 && !evidence_.is_raised(); }

  GuardState state() const { return state_; }
  const GuardCounters& counters() const { return counters_; }
  const std::vector<GuardReason>& reasons() const { return reasons_; }  ///< of this window
  bool has_snapshot() const { return has_snapshot_; }                   ///< that GoBack would load
  const GuardOptions& options() const { return options_; }
  const GuardSetting& setting() const { return setting_; }

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch, BadFile; the guard may then be half filled.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  void give(GuardReason reason);
  void hold(GuardReason reason);
  bool is_resting();
  void check_images(const WindowFacts& window);
  bool is_unsure(const AnswerFacts& plain, const AnswerFacts& answers);
  double observe_excess(double excess);
  void compare(const StepFacts& step, StepVerdict& verdict);
  void check_bounds(const StepResult& result);
  StepAction go_back();
  StepAction finish(const StepResult& result);

  GuardOptions options_;
  GuardSetting setting_;
  GuardState state_ = GuardState::Adapting;
  GuardCounters counters_;
  UsualRange differences_;
  Evidence evidence_;
  std::optional<double>
      excess_;  // running entropy of batch statistics beyond what the spread allows
  std::int64_t windows_ = 0;
  std::int64_t updates_ = 0;  // since the shipped parameters
  std::int64_t good_ = 0;     // updates since the last snapshot or bad window
  std::int64_t bad_ = 0;      // windows in a row
  bool has_snapshot_ = false;
  std::vector<std::int64_t> rollbacks_;  // windows, the latest ones
  std::int64_t fallback_since_ = 0;

  // Of the present window only.
  std::vector<GuardReason> reasons_;
  bool learn_ = true;
  bool method_answers_ = true;
};

/// What a saved state says about its guards, whatever their options are.
struct SavedGuard {
  GuardState state = GuardState::Off;
  std::int64_t windows = 0;
  GuardCounters counters;
};

/// None for a state without guards.
/// Throws  StateMismatch, BadFile.
std::optional<SavedGuard> read_saved_guard(const StateReader& reader);

}  // namespace zoa
