// SPDX-License-Identifier: Apache-2.0
// What the guards are doing and why, as words that records, metrics and events share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zoa {

enum class GuardState {
  Off,       ///< no guard is on, or nothing adapts
  WarmUp,    ///< gathers what ordinary is; nothing is learnt yet
  Adapting,  ///< the method answers and learns
  Hold,      ///< the present window taught nothing, or the plain network answered it
  Fallback,  ///< the plain network answers until a reset (or until the rest is over)
};

enum class GuardReason {
  NonFiniteInput,     ///< an image with NaN or infinity
  NonFiniteLoss,      ///< of the method
  NonFiniteAnswer,    ///< logits
  SmallWindow,        ///< too few usable images
  ConstantFrames,     ///< too few, as black or constant images do not count
  NearDuplicates,     ///< too few different ones
  OneClass,           ///< the plain network sees (almost) one class
  UnsureAnswer,       ///< the plain network's answer is surer or better spread: it answered
  Collapse,           ///< the answers have fewer classes than the plain network's: it answered
  ClippedDifference,  ///< an update with a clipped loss difference
  BoundedStep,        ///< an update that was shortened
  BoundedOffset,      ///< parameters that were drawn back into the trust region
  Rollback,           ///< back to the last good snapshot
  BackToShipped,      ///< back to the shipped parameters
  Breaker,            ///< adaptation went off after repeated rollbacks
  PeriodicReset,      ///< as asked for
  NoEvidence,         ///< the stream looks like the ordinary one
  WarmingUp,          ///< the ordinary one is not known yet
};

inline constexpr std::size_t kGuardReasons = 18;

/// e.g. "near_duplicates".
const char* reason_name(GuardReason reason);
/// e.g. "adapting".
const char* state_name(GuardState state);

/// e.g. "hold: one_class, unsure_answer".
std::string guard_text(GuardState state, const std::vector<GuardReason>& reasons);

/// How often each reason was given.
class GuardCounters {
 public:
  void add(GuardReason reason) { ++counts_[static_cast<std::size_t>(reason)]; }
  std::int64_t operator[](GuardReason reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::vector<std::int64_t> values() const { return {counts_.begin(), counts_.end()}; }
  /// Throws  StateMismatch for another number of reasons, BadFile for a negative count.
  void assign(const std::vector<std::int64_t>& values);
  friend bool operator==(const GuardCounters&, const GuardCounters&) = default;

 private:
  std::array<std::int64_t, kGuardReasons> counts_{};
};

/// "near_duplicates 3, rollback 1": those that are not 0; "" where all are.
std::string counters_text(const GuardCounters& counters);

}  // namespace zoa
