// SPDX-License-Identifier: Apache-2.0
// How many threads this process may really use. The runtime honours the affinity mask but not the
// CPU quota of a container, so it must be told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace zoa {

/// The smaller of the affinity mask and the cgroup's CPU quota (rounded up), at least 1.
int available_threads();

/// What an option "threads" asks for: itself, or for 0 (and below) all available ones.
int threads_or_available(std::int64_t wanted);

namespace detail {
/// CPUs in the affinity mask of this process, at least 1.
int affinity_threads();

/// CPU quota in CPUs: the smallest along the way from the process's own cgroup to the top, of
/// cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us / cpu.cfs_period_us). Empty: no quota.
/// root  stands before /proc and /sys; "" is the machine itself
std::optional<double> cgroup_quota(const std::string& root);

/// As available_threads(), with the files below `root` and a given size of the affinity mask.
int available_threads(const std::string& root, int affinity);
}  // namespace detail

}  // namespace zoa
