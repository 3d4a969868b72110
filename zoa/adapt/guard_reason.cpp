// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_reason.h"

#include <algorithm>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr std::array<const char*, kGuardReasons> kNames{
    "non_finite_input", "non_finite_loss", "non_finite_answer", "small_window",
    "constant_frames",  "near_duplicates", "one_class",         "unsure_answer",
    "collapse",         "clipped_loss",    "bounded_step",      "bounded_offset",
    "rollback",         "back_to_shipped", "breaker",           "periodic_reset",
    "no_evidence",      "warming_up"};

}  // namespace

const char* reason_name(GuardReason reason) {
  return kNames[static_cast<std::size_t>(reason)];
}

const char* state_name(GuardState state) {
  constexpr std::array<const char*, 5> kStates{"off", "warm_up", "adapting", "hold", "fallback"};
  return kStates[static_cast<std::size_t>(state)];
}

std::string guard_text(GuardState state, const std::vector<GuardReason>& reasons) {
  std::string text = state_name(state);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    text += (i == 0 ? ": " : ", ") + std::string(reason_name(reasons[i]));
  }
  return text;
}

void GuardCounters::assign(const std::vector<std::int64_t>& values) {
  if (values.size() != kGuardReasons) {
    fail(ErrorCode::StateMismatch, "guards: state has ", values.size(), " counters, expected ",
         kGuardReasons);
  }
  if (std::any_of(values.begin(), values.end(), [](std::int64_t value) { return value < 0; })) {
    fail(ErrorCode::BadFile, "guards: state has a negative counter");
  }
  std::copy(values.begin(), values.end(), counts_.begin());
}

std::string counters_text(const GuardCounters& counters) {
  std::string text;
  for (std::size_t i = 0; i < kGuardReasons; ++i) {
    const std::int64_t count = counters[static_cast<GuardReason>(i)];
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::string(kNames[i]) + " " + std::to_string(count);
    }
  }
  return text;
}

}  // namespace zoa
