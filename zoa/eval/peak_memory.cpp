// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/peak_memory.h"

#include <fstream>
#include <string>

namespace zoa {

std::optional<double> peak_rss_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) {
      return kibibytes * 1024 / 1e6;
    }
  }
  return std::nullopt;
}

}  // namespace zoa
