// SPDX-License-Identifier: Apache-2.0
// The instruction set that the runtime's int8 kernels will use in this process.
#pragma once

#include <string>

namespace zoa {

/// cpu_isa() under the cap that oneDNN honours, ONEDNN_MAX_CPU_ISA.
std::string running_isa();

}  // namespace zoa
