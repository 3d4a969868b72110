// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/peak_memory.h"

#include <fstream>
#include <string>

namespace zoa {

namespace {

std::optional<double> read_status_mb(const char* field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kibibytes = 0;
    if (word == field && status >> kibibytes) {
      return kibibytes * 1024 / 1e6;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> peak_rss_mb() {
  return read_status_mb("VmHWM:");
}

std::optional<double> rss_mb() {
  return read_status_mb("VmRSS:");
}

}  // namespace zoa
