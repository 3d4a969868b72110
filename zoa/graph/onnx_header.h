// SPDX-License-Identifier: Apache-2.0
// Walks the outermost fields of an ONNX file before any parser sees it, so that a truncated file or
// an opset that zoa does not take gets a clear line instead of a parser's.
#pragma once

#include <cstdint>
#include <filesystem>

namespace zoa {

inline constexpr std::int64_t kLeastOpset = 11;
inline constexpr std::int64_t kMostOpset = 21;

/// Version of the default operator set.
/// Throws  BadFile if a field reaches past the end of the file or no opset is given.
std::int64_t read_onnx_opset(const std::filesystem::path& path);

}  // namespace zoa
