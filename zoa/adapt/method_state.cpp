// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/method_state.h"

#include <algorithm>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/version.h"
#include "zoa/methods/bank_merge.h"

namespace zoa {
namespace {

std::string text_of(const MemoryState& state, const std::string& key) {
  const auto found = state.metadata().find(key);
  return found == state.metadata().end() ? "unknown" : found->second;
}

bool takes_state_of(const std::string& method, const std::string& other) {
  const std::vector<MethodInfo> methods = list_methods();
  return std::any_of(methods.begin(), methods.end(), [&](const MethodInfo& info) {
    const auto& others = info.reads_states;
    return info.name == method && std::find(others.begin(), others.end(), other) != others.end();
  });
}

}  // namespace

StateOwner make_owner(const std::string& method, const Model& model) {
  return {method, model.name(), model.hash()};
}

StateOwner read_owner(const MemoryState& state) {
  return {text_of(state, "method"), text_of(state, "model"), text_of(state, "model_hash")};
}

void set_owner(MemoryState& state, const StateOwner& owner) {
  state.metadata()["zoa"] = kVersion;
  state.metadata()["method"] = owner.method;
  state.metadata()["model"] = owner.model;
  state.metadata()["model_hash"] = owner.model_hash;
}

void check_same_network(const MemoryState& state,
                        const StateOwner& expected,
                        const std::string& where) {
  const StateOwner found = read_owner(state);
  if (found.model_hash != expected.model_hash) {
    fail(ErrorCode::StateMismatch, where, ": learnt on network '", found.model, "' with hash ",
         found.model_hash, ", expected '", expected.model, "' with hash ", expected.model_hash);
  }
}

void check_owner(const MemoryState& state, const StateOwner& expected, const std::string& where) {
  const StateOwner found = read_owner(state);
  if (found.method != expected.method && !takes_state_of(expected.method, found.method)) {
    fail(ErrorCode::StateMismatch, where, ": is of method '", found.method, "', expected '",
         expected.method, "'");
  }
  check_same_network(state, expected, where);
  if (is_exported_bank(state)) {
    fail(ErrorCode::StateMismatch, where,
         ": is an exported bank, not a whole state; 'zoa state import' takes it into one");
  }
}

MemoryState save_method(const Method& method, const Model& model) {
  MemoryState state;
  method.save(state);
  set_owner(state, make_owner(method.info().name, model));
  return state;
}

void check_method_state(const MemoryState& state, const std::string& method, const Model& model) {
  check_owner(state, make_owner(method, model), "state for method '" + method + "'");
}

}  // namespace zoa
