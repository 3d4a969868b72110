// SPDX-License-Identifier: Apache-2.0
// All that ZOA carries from batch to batch. A value: a step works on a copy, so discarding it is
// forgetting the copy. Internal to zoa_method.cpp and to those who read zoa's states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "zoa/core/state.h"
#include "zoa/methods/blended_norms.h"
#include "zoa/methods/domain_detector.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/knowledge_bank.h"

namespace zoa {

/// Of the names in a saved state.
inline constexpr char kZoaPrefix[] = "zoa";

/// Throws  StateMismatch if the state was not saved by this version of zoa.
void check_zoa_state(const StateReader& reader);

struct ZoaState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  ///< updates so far: number of the next directions
  KnowledgeBank bank;
  DomainDetector detector;
  FeatureShift shift;
  std::optional<BlendedNorms> norms = {};  ///< where the option bn asks for them

  void save(StateWriter& writer) const;
  /// Throws  StateMismatch, BadFile; the state is then half read, so load into a copy.
  void load(const StateReader& reader, std::size_t stem_channels);
};

}  // namespace zoa
