// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/adapted_slots.h"

#include "zoa/core/error.h"

namespace zoa {
namespace {

void check_slot(const ModelInfo& model, const SlotInfo& slot) {
  const bool is_shift = slot.kind == SlotKind::FeatureShift;
  const std::size_t wanted = is_shift && !model.taps.empty() ? model.taps.back().width : slot.size;
  const bool neutral_fits = slot.neutral.size() == slot.size || is_shift;
  if (slot.size == 0 || slot.size != wanted || !neutral_fits) {
    fail(ErrorCode::UnsupportedModel, "slot '", slot.name, "' has size ", slot.size, " and ",
         slot.neutral.size(), " neutral values, expected ", wanted);
  }
}

}  // namespace

AdaptedSlots find_adapted_slots(const ModelInfo& model) {
  AdaptedSlots adapted;
  adapted.slot_count = model.slots.size();
  for (std::size_t i = 0; i < model.slots.size(); ++i) {
    const SlotInfo& slot = model.slots[i];
    check_slot(model, slot);
    if (slot.kind == SlotKind::FeatureShift) {
      adapted.shift = i;
      continue;
    }
    if (slot.kind != SlotKind::NormGamma && slot.kind != SlotKind::NormBeta) {
      continue;  // statistics of BatchNorms are not learnt by steps
    }
    adapted.slots.push_back(i);
    adapted.sizes.push_back(slot.size);
    adapted.neutral.insert(adapted.neutral.end(), slot.neutral.begin(), slot.neutral.end());
  }
  if (adapted.slots.empty()) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name,
         "' has no normalization layer to adapt; use --method noadapt");
  }
  return adapted;
}

SlotValues make_slot_values(const AdaptedSlots& adapted,
                            std::span<const float> values,
                            std::span<const float> shift,
                            const SlotValues& others) {
  SlotValues slots = others;
  slots.resize(adapted.slot_count);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < adapted.slots.size(); ++i) {
    slots[adapted.slots[i]] = values.subspan(offset, adapted.sizes[i]);
    offset += adapted.sizes[i];
  }
  if (adapted.shift) {
    slots[*adapted.shift] = shift;
  }
  return slots;
}

}  // namespace zoa
