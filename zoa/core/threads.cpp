// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/threads.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sched.h>

namespace zoa {
namespace {

std::optional<double> divide(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) {
    return std::nullopt;
  }
  return quota / period;
}

// "150000 100000" or "max 100000".
std::optional<double> read_quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") {
    return std::nullopt;
  }
  std::istringstream number(quota);
  double value = 0;
  return number >> value ? divide(value, period) : std::nullopt;
}

std::optional<double> read_quota_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) {
    return std::nullopt;
  }
  return divide(quota, period);  // -1 = no quota
}

std::optional<double> smaller(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) {
    return a ? a : b;
  }
  return std::min(*a, *b);
}

using ReadQuota = std::optional<double> (*)(const std::string&);

// From the group's own folder up to the mount point. Folders that do not exist (a container that
// sees its group as the top) are passed over.
std::optional<double> walk_up(const std::string& mount, std::string group, ReadQuota read_quota) {
  std::optional<double> quota;
  for (;;) {
    quota = smaller(quota, read_quota(mount + group));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) {
      return quota;
    }
    group.resize(slash);
  }
}

bool names_cpu(const std::string& controllers) {
  std::istringstream list(controllers);
  std::string name;
  while (std::getline(list, name, ',')) {
    if (name == "cpu") {
      return true;
    }
  }
  return false;
}

// A line of /proc/self/cgroup is "number:controllers:/path"; v2 has no controllers.
std::optional<double> quota_of_line(const std::string& root, const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) {
    return std::nullopt;
  }
  const std::string controllers = line.substr(first + 1, second - first - 1);
  std::string group = line.substr(second + 1);
  group = group == "/" ? "" : group;
  const std::string mounts = root + "/sys/fs/cgroup";
  if (controllers.empty()) {
    return smaller(walk_up(mounts, group, read_quota_v2),
                   walk_up(mounts + "/unified", group, read_quota_v2));
  }
  if (!names_cpu(controllers)) {
    return std::nullopt;
  }
  return smaller(walk_up(mounts + "/" + controllers, group, read_quota_v1),
                 walk_up(mounts + "/cpu", group, read_quota_v1));
}

}  // namespace

int detail::affinity_threads() {
  constexpr std::size_t kMostWords = 1024;  // 65,536 CPUs
  for (std::size_t words = 16; words <= kMostWords; words *= 2) {
    std::vector<cpu_set_t> mask((words * sizeof(long) + sizeof(cpu_set_t) - 1) / sizeof(cpu_set_t));
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) == 0) {
      return std::max(1, CPU_COUNT_S(bytes, mask.data()));
    }
  }
  return 1;
}

std::optional<double> detail::cgroup_quota(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  std::optional<double> quota;
  std::string line;
  while (std::getline(groups, line)) {
    quota = smaller(quota, quota_of_line(root, line));
  }
  return quota;
}

int detail::available_threads(const std::string& root, int affinity) {
  const double quota = cgroup_quota(root).value_or(affinity);
  return std::max(1, static_cast<int>(std::ceil(std::min<double>(quota, affinity))));
}

int available_threads() {
  return detail::available_threads("", detail::affinity_threads());
}

int threads_or_available(std::int64_t wanted) {
  return wanted > 0 ? static_cast<int>(wanted) : available_threads();
}

}  // namespace zoa
