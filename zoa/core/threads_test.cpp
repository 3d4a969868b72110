// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/threads.h"

#include <gtest/gtest.h>

#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

TEST(Threads, AtLeastOneHere) {
  EXPECT_GE(available_threads(), 1);
  EXPECT_LE(available_threads(), detail::affinity_threads());
}

TEST(Threads, WithoutFilesTheAffinityCounts) {
  const TestFolder root;
  EXPECT_EQ(detail::available_threads(root.path(), 6), 6);
}

TEST(Threads, QuotaOfVersion2) {
  const TestFolder root;
  root.put("proc/self/cgroup", "0::/a/b\n");
  root.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  root.put("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(detail::cgroup_quota(root.path()), 2.5);
  EXPECT_EQ(detail::available_threads(root.path(), 8), 3);
  EXPECT_EQ(detail::available_threads(root.path(), 2), 2);
  root.put("sys/fs/cgroup/a/b/cpu.max", "10000 100000\n");
  EXPECT_EQ(detail::available_threads(root.path(), 8), 1);
}

TEST(Threads, QuotaAtTheTopOfAContainer) {
  const TestFolder root;
  root.put("proc/self/cgroup", "0::/outside/name\n");
  root.put("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(detail::available_threads(root.path(), 8), 2);
}

TEST(Threads, QuotaOfVersion1) {
  const TestFolder root;
  root.put("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/id\n3:cpuset:/y\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_quota_us", "300000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_period_us", "100000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(detail::available_threads(root.path(), 8), 3);
}

TEST(Threads, ZeroAsksForAllThatAreAvailable) {
  EXPECT_EQ(threads_or_available(0), available_threads());
  EXPECT_EQ(threads_or_available(-1), available_threads());
  EXPECT_EQ(threads_or_available(3), 3);
}

TEST(Threads, BrokenFilesAreNoQuota) {
  const TestFolder root;
  root.put("proc/self/cgroup", "nonsense\n0:\n0::/a\n");
  root.put("sys/fs/cgroup/a/cpu.max", "x y\n");
  root.put("sys/fs/cgroup/cpu.max", "0 0\n");
  EXPECT_FALSE(detail::cgroup_quota(root.path()).has_value());
}

}  // namespace
}  // namespace zoa
