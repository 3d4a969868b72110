// SPDX-License-Identifier: Apache-2.0
// The slots that ZOA sets, as one flat vector of P parameters: gammas and betas in the model's
// order, the order of the paper's parameters too.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "zoa/core/forward.h"

namespace zoa {

struct AdaptedSlots {
  std::vector<std::size_t> slots;    ///< index of each adapted slot in ModelInfo::slots
  std::vector<std::size_t> sizes;    ///< C of each
  std::vector<float> neutral;        ///< (P) what the model ships
  std::optional<std::size_t> shift;  ///< index of the feature-shift slot
  std::size_t slot_count = 0;        ///< of the model, adapted or not
};

/// Throws  UnsupportedModel if the model has no norm slot, or a slot whose sizes do not fit.
AdaptedSlots find_adapted_slots(const ModelInfo& model);

/// Slot values of a pass: `values` (P) for the norms, `shift` (D, or empty = neutral), the others
/// as in `others` (all slots; none = neutral). The spans point into the arguments.
SlotValues make_slot_values(const AdaptedSlots& adapted,
                            std::span<const float> values,
                            std::span<const float> shift,
                            const SlotValues& others = {});

}  // namespace zoa
