// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/isa.h"

#include <cstdlib>

#include "zoa/core/cpu.h"

namespace zoa {

std::string running_isa() {
  const char* cap = std::getenv("ONEDNN_MAX_CPU_ISA");
  return cpu_isa(cap != nullptr ? cap : "");
}

}  // namespace zoa
