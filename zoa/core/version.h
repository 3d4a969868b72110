// SPDX-License-Identifier: Apache-2.0
// The version, once: CMake reads it from here.
#pragma once

namespace zoa {
inline constexpr char kVersion[] = "0.1.0";
}  // namespace zoa
