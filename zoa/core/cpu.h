// SPDX-License-Identifier: Apache-2.0
// What the processor is and which int8 instructions it has. Int8 results differ between kinds of
// processors, so every record carries these two texts.
#pragma once

#include <string>

namespace zoa {

/// Model name from /proc/cpuinfo, or "unknown". root stands before /proc; "" is the machine itself.
std::string cpu_model(const std::string& root = "");

/// The strongest of avx512_amx, avx512_vnni, avx512_core, avx2_vnni, avx2, sse41 that the processor
/// has and the cap allows; "generic" without any.
/// cap  value of ONEDNN_MAX_CPU_ISA, which the caller reads; "" and unknown words mean no cap
std::string cpu_isa(const std::string& cap = "", const std::string& root = "");

/// True where u8 x i8 products are added in pairs of 16 bits and can saturate: no VNNI, no AMX.
/// Weights of at most 7 bits (|w| <= 64) are safe there.
bool int8_products_saturate(const std::string& isa);

}  // namespace zoa
