// SPDX-License-Identifier: Apache-2.0
// Options and counters of an Adapter by their names, for bindings: a new field of a visited struct
// appears there by itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "zoa/adapt/adapter.h"

namespace zoa {

/// Options from texts: method, seed, threads, guard, those of FrameOptions, and those of the method
/// and (as "guard.NAME") of the guards.
/// Throws  InvalidArgument for an unknown name (the text lists the known ones) or value.
AdapterOptions make_adapter_options(const OptionValues& values, const Model& model);
AdapterOptions make_adapter_options(const OptionValues& values, const ModelInfo& model);

/// All counters with their names: those of FrameCounters, then each reason of the guards as
/// "guard.REASON".
std::vector<std::pair<std::string, std::uint64_t>> list_counters(const Adapter& adapter);

}  // namespace zoa
