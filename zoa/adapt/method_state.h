// SPDX-License-Identifier: Apache-2.0
// The state of a method with what it belongs to, so that it is not loaded into another one.
#pragma once

#include <string>

#include "zoa/core/state_file.h"
#include "zoa/methods/method.h"
#include "zoa/model/model.h"

namespace zoa {

/// What a method has learnt on this network, with the names of both in the metadata.
MemoryState save_method(const Method& method, const Model& model);

/// Throws  StateMismatch if the state is of another method (but for those in
///         MethodInfo::reads_states) or another network; the text has what it
///         is of.
void check_method_state(const MemoryState& state, const std::string& method, const Model& model);

/// Throws  Io, BadFile, LimitExceeded.
MemoryState load_state_file(const std::string& path);

}  // namespace zoa
