// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/method_state.h"

#include <algorithm>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/version.h"

namespace zoa {
namespace {

constexpr std::size_t kMostStateBytes = std::size_t{1} << 30U;

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

MemoryState save_method(const Method& method, const Model& model) {
  MemoryState state;
  method.save(state);
  state.metadata()["zoa"] = kVersion;
  state.metadata()["method"] = method.info().name;
  state.metadata()["model"] = model.name();
  state.metadata()["model_hash"] = model.hash();
  return state;
}

void check_method_state(const MemoryState& state, const std::string& method, const Model& model) {
  const std::string found = text_of(state, "method");
  if (found != method && !takes_state_of(method, found)) {
    fail(ErrorCode::StateMismatch, "state for method '", method, "': is of method '", found, "'");
  }
  if (text_of(state, "model_hash") != model.hash()) {
    fail(ErrorCode::StateMismatch, "state for method '", method, "': learnt on network '",
         text_of(state, "model"), "' with hash ", text_of(state, "model_hash"), ", this is '",
         model.name(), "' with hash ", model.hash());
  }
}

MemoryState load_state_file(const std::string& path) {
  return MemoryState::from_bytes(read_file(path, kMostStateBytes), path);
}

}  // namespace zoa
