// SPDX-License-Identifier: Apache-2.0
// Banks of zoa's saved states, taken out of one device's state and into another's of the same
// model. Entries are offsets from the shipped parameters, so they mean the same on both. The rule
// of a merge is KnowledgeBank's; here are the states.
#pragma once

#include <cstddef>
#include <vector>

#include "zoa/core/state_file.h"
#include "zoa/methods/knowledge_bank.h"

namespace zoa {

/// The bank of zoa in a saved state, or an exported one: there every alpha is 0 and so is eps.
/// options.alpha_scale  is overruled by the state's own
/// sizes  vector sizes for a state that does not have them
/// Throws  StateMismatch for a state that zoa did not save, BadFile for values that cannot be.
KnowledgeBank read_bank(const StateReader& state,
                        BankOptions options,
                        const std::vector<std::size_t>& sizes = {});

/// Only the entries with the stem statistics of their domains: no eps, no alpha, no detector, no
/// counters. Metadata as in the state, with "content" = "bank".
/// Throws  as read_bank.
MemoryState export_bank(const MemoryState& state);

bool is_exported_bank(const MemoryState& state);

/// Merges the bank of `from` (a state or an exported bank) into that of `into`; all else in `into`
/// stays. An exported bank has no alpha: its entries begin with the odds of the shipped model.
/// capacity  most entries of the merged bank, zoa's option bank_size
/// Throws  as read_bank and KnowledgeBank::merge; `into` is then as before.
KnowledgeBank::Merged merge_banks(MemoryState& into, const MemoryState& from, std::size_t capacity);

}  // namespace zoa
