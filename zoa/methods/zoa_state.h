// SPDX-License-Identifier: Apache-2.0
// All that ZOA carries from batch to batch. A value: a step works on a copy, so discarding it is
// forgetting the copy. Internal to zoa_method.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "zoa/core/state.h"
#include "zoa/methods/domain_detector.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/knowledge_bank.h"

namespace zoa {

struct ZoaState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  ///< updates so far: number of the next directions
  KnowledgeBank bank;
  DomainDetector detector;
  FeatureShift shift;

  void save(StateWriter& writer) const;
  /// Throws  StateMismatch, BadFile; the state is then half read, so load into a copy.
  void load(const StateReader& reader, std::size_t stem_channels);
};

}  // namespace zoa
