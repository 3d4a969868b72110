// SPDX-License-Identifier: Apache-2.0
// A loop over independent pieces of work on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace zoa {

/// Calls work(0) .. work(count - 1), each once, in any order; work must not throw. What a piece
/// computes must not depend on the others: then the result does not depend on `threads`.
template <class Work>
void run_parallel(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      work(i);
    }
  };
  std::vector<std::jthread> helpers;
  for (std::size_t t = 1; t < std::min(threads, count); ++t) {
    helpers.emplace_back(loop);
  }
  loop();
}

}  // namespace zoa
