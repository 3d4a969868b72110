// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/latency.h"

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(LatencyHistogram, QuantilesAreAtMostTwoPercentHigh) {
  LatencyHistogram times;
  EXPECT_EQ(times.quantile(0.5), 0);
  for (int i = 1; i <= 1000; ++i) {
    times.add(0.1 * ((i * 7) % 1000 + 1));  // 0.1 to 100, in another order
  }
  for (const double share : {0.01, 0.5, 0.9, 0.99}) {
    EXPECT_GE(times.quantile(share), 100 * share * 0.9999) << share;
    EXPECT_LE(times.quantile(share), 100 * share * 1.0201) << share;
  }
  EXPECT_DOUBLE_EQ(times.quantile(1), 100);
  EXPECT_DOUBLE_EQ(times.most(), 100);
  EXPECT_EQ(times.count(), 1000U);
}

TEST(LatencyHistogram, TakesWhatIsOutOfItsRange) {
  LatencyHistogram times;
  times.add(-1);
  times.add(1e12);
  EXPECT_LE(times.quantile(0.5), 1e-3);
  EXPECT_GT(times.quantile(1), 6e5);
}

}  // namespace
}  // namespace zoa
