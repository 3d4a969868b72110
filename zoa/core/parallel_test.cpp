// SPDX-License-Identifier: Apache-2.0
// Each piece once, whatever the number of threads, and everything done when the call returns.
#include "zoa/core/parallel.h"

#include <cstddef>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(Parallel, EachPieceOnceForAnyNumberOfThreads) {
  for (const std::size_t count : {0U, 1U, 3U, 1000U}) {
    for (const std::size_t threads : {0U, 1U, 2U, 8U}) {
      std::vector<int> calls(count);  // no lock: the pieces are apart, and the call waits for all
      run_parallel(count, threads, [&](std::size_t i) { ++calls[i]; });
      EXPECT_EQ(calls, std::vector<int>(count, 1)) << count << " pieces, " << threads << " threads";
    }
  }
}

TEST(Parallel, NoMoreThreadsThanPieces) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  run_parallel(3, 64, [&](std::size_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_GE(threads.size(), 1U);
  EXPECT_LE(threads.size(), 3U);
}

}  // namespace
}  // namespace zoa
