// SPDX-License-Identifier: Apache-2.0
// Times of work, for records, budgets and benches.
#pragma once

#include <chrono>

namespace zoa {

inline double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace zoa
