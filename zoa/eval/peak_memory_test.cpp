// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/peak_memory.h"

#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(PeakRss, GrowsWithMemoryThatIsUsedAndNeverFalls) {
  const std::optional<double> before = peak_rss_mb();
  if (!before) {
    GTEST_SKIP() << "no /proc/self/status here";
  }
  const double wanted = *before + 64;  // MB
  double after = 0;
  {
    const std::vector<char> used(static_cast<std::size_t>(wanted * 1e6), 1);
    after = peak_rss_mb().value_or(0) + 0 * used.back();
  }
  // The kernel sums up the counters of its processors only now and then.
  EXPECT_GE(after, wanted - 1);
  EXPECT_GE(peak_rss_mb().value_or(0), after - 1);
}

TEST(Rss, IsAtMostThePeakAndFollowsWhatIsUsed) {
  const std::optional<double> before = rss_mb();
  if (!before) {
    GTEST_SKIP() << "no /proc/self/status here";
  }
  const std::vector<char> used(std::size_t{64'000'000}, 1);
  EXPECT_GE(rss_mb().value_or(0) + 0 * used.back(), *before + 62);
  EXPECT_LE(rss_mb().value_or(0), peak_rss_mb().value_or(0) + 1);
}

}  // namespace
}  // namespace zoa
