// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file, checked: internal to safetensors.cpp and its tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/safetensors.h"

namespace zoa::detail {

inline constexpr char kMetadataKey[] = "__metadata__";

struct TensorEntry {
  std::string name;
  TensorType type = TensorType::U8;
  std::vector<std::size_t> shape;
  std::size_t begin = 0;  ///< bytes from the end of the header
  std::size_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> entries;
};

/// Bytes of a tensor, or nothing if the product does not fit std::size_t.
std::optional<std::size_t> tensor_bytes(TensorType type, const std::vector<std::size_t>& shape);

/// Throws  BadFile for anything that is not a header of this format, LimitExceeded.
SafetensorsHeader parse_safetensors_header(std::span<const std::uint8_t> text,
                                           const std::string& where,
                                           const SafetensorsLimits& limits);

/// The ranges must cover the data without a gap or an overlap. Sorts the entries by their place.
/// Throws  BadFile.
void check_safetensors_ranges(SafetensorsHeader& header,
                              std::size_t data_bytes,
                              const std::string& where);

}  // namespace zoa::detail
