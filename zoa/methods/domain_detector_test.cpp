// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/domain_detector.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"

namespace zoa {
namespace {

StemStats stem(double mean, double variance, std::size_t count = 64) {
  return {{mean, mean}, {variance, variance}, count, 0};
}

TEST(DomainDistance, ByHand) {
  const DomainStats a{{0}, {1}};
  EXPECT_NEAR(compute_domain_distance(a, a), 0, 1e-7);
  // (1 + 4) / (2 * 2) + (2 + 4) / 2 - 1 = 3.25
  const DomainStats b{{2}, {2}};
  EXPECT_NEAR(compute_domain_distance(a, b), 3.25, 1e-7);
  EXPECT_DOUBLE_EQ(compute_domain_distance(a, b), compute_domain_distance(b, a));
  const DomainStats both{{0, 2}, {1, 2}};
  EXPECT_NEAR(compute_domain_distance(both, {{0, 0}, {1, 1}}), 3.25 / 2, 1e-7);
}

TEST(DomainDetector, VarianceBecomesUnbiasedWhereTheCountIsKnown) {
  StemStats stats = stem(0, 3);
  EXPECT_EQ(to_domain_stats(stats).variance[0], 3);
  stats.values = 4;
  EXPECT_EQ(to_domain_stats(stats).variance[0], 4);
}

TEST(DomainDetector, RunsAndRestarts) {
  DomainDetector detector({0.5, 0.2, 64});
  EXPECT_FALSE(detector.observe(stem(0, 1)).distance.has_value());
  const DomainVerdict same = detector.observe(stem(0.5, 1));
  EXPECT_NEAR(*same.distance, 0.25, 1e-6);
  EXPECT_FALSE(same.changed);
  EXPECT_DOUBLE_EQ(detector.running().mean[1], 0.1);
  const DomainVerdict other = detector.observe(stem(3, 2));
  EXPECT_TRUE(other.changed);
  EXPECT_EQ(detector.running().mean[0], 3);
  EXPECT_EQ(detector.running().variance[0], 2);
}

TEST(DomainDetector, FrozenItOnlyCompares) {
  DomainDetector detector({0.5, 0.2, 64});
  detector.observe(stem(0, 1));
  const DomainVerdict same = detector.observe(stem(0.5, 1), true);
  EXPECT_NEAR(*same.distance, 0.25, 1e-6);
  EXPECT_EQ(detector.running().mean[0], 0);
  EXPECT_TRUE(detector.observe(stem(3, 2), true).changed);
  EXPECT_EQ(detector.running().mean[0], 3);
}

TEST(DomainDetector, SmallOrBrokenBatchesChangeNothing) {
  DomainDetector detector({0.5, 0.2, 64});
  detector.observe(stem(0, 1));
  const DomainStats before = detector.running();
  EXPECT_FALSE(detector.observe(stem(9, 1, 63)).distance.has_value());
  EXPECT_FALSE(detector.observe(stem(std::nan(""), 1)).distance.has_value());
  EXPECT_FALSE(detector.observe(StemStats{}).changed);
  EXPECT_EQ(detector.running(), before);
  EXPECT_THROW(detector.observe({{1}, {1}, 64, 0}), Error);
}

TEST(DomainDetector, SavesAndLoads) {
  DomainDetector detector({0.5, 0.2, 64});
  detector.observe(stem(0.1, 1.3));
  MemoryState state;
  detector.save(state, "x");
  DomainDetector other({0.5, 0.2, 64});
  other.load(state, "x", 2);
  EXPECT_EQ(other.running(), detector.running());
  EXPECT_THROW(other.load(state, "x", 3), Error);
}

}  // namespace
}  // namespace zoa
