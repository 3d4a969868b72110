// SPDX-License-Identifier: Apache-2.0
// Small states whose content tells which one they are, for the tests of snapshots. For tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "zoa/adapt/method_state.h"
#include "zoa/core/state_file.h"

namespace zoa::test {

inline StateOwner numbered_owner() {
  return {"zoa", "net", "0123456789abcdef"};
}

/// State number n: every value follows from n.
inline MemoryState numbered_state(std::int64_t n, std::size_t size = 40) {
  MemoryState state;
  set_owner(state, numbered_owner());
  state.put_i64("n", std::vector<std::int64_t>{n});
  state.put_f32("f", std::vector<float>(size, static_cast<float>(n)));
  state.put_f64("d", std::vector<double>(size, static_cast<double>(n) / 3));
  return state;
}

/// Throws  std::runtime_error for a state that is not numbered_state(its n, size), bit for bit.
inline std::int64_t number_of(const MemoryState& state, std::size_t size = 40) {
  const std::int64_t n = state.get_i64("n").at(0);
  if (!(state == numbered_state(n, size))) {
    throw std::runtime_error("a mixture of states");
  }
  return n;
}

}  // namespace zoa::test
