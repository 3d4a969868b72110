// SPDX-License-Identifier: Apache-2.0
// The state of a method with what it belongs to, so that it is not loaded into another one. Files:
// snapshot.h.
#pragma once

#include <string>

#include "zoa/core/state_file.h"
#include "zoa/methods/method.h"
#include "zoa/model/model.h"

namespace zoa {

/// Whose a state is, as its metadata says it.
struct StateOwner {
  std::string method;
  std::string model;       ///< name, for texts only
  std::string model_hash;  ///< what tells networks apart

  friend bool operator==(const StateOwner&, const StateOwner&) = default;
};

StateOwner make_owner(const std::string& method, const Model& model);

/// "unknown" for what the state does not say.
StateOwner read_owner(const MemoryState& state);

/// Sets the owner and zoa's version in the metadata. The arrays may be of several parts, each
/// under a prefix of its own.
void set_owner(MemoryState& state, const StateOwner& owner);

/// where  names the state in the error text
/// Throws  StateMismatch if the state was learnt on another network.
void check_same_network(const MemoryState& state,
                        const StateOwner& expected,
                        const std::string& where);

/// Throws  StateMismatch if the state is of another method (but for those in
///         MethodInfo::reads_states), of another network, or an exported bank; the text has what it
///         is of and what was expected.
void check_owner(const MemoryState& state, const StateOwner& expected, const std::string& where);

/// What a method has learnt on this network, with its owner.
MemoryState save_method(const Method& method, const Model& model);

/// check_owner for the method on this network.
void check_method_state(const MemoryState& state, const std::string& method, const Model& model);

}  // namespace zoa
