// SPDX-License-Identifier: Apache-2.0
// Bit widths: "w4a8" is 4-bit weights and 8-bit activations.
#pragma once

#include <regex>
#include <string>
#include <vector>

namespace zoa {

inline constexpr int kFloatBits = 32;
inline constexpr int kFullBits = 8;
/// Products of 8-bit values can saturate without VNNI; if the right factor keeps to 7 bits, never.
inline constexpr int kReducedBits = 7;

struct BitWidths {
  int weights = 8;      ///< 2..8, or 32 = float
  int activations = 8;  ///< likewise

  bool is_float() const { return weights == kFloatBits; }
  friend bool operator==(const BitWidths&, const BitWidths&) = default;
};

/// "w8a8" .. "w2a2", "float".
std::string to_string(const BitWidths& bits);

/// Throws  InvalidArgument with what was found and what is accepted.
BitWidths parse_bits(const std::string& text);

/// "REGEX=w8a8" or "REGEX=float": the bit widths of the layers that match as "KIND NAME", e.g.
/// "linear blocks.0.fc1" or "attention blocks.0.scores".
struct LayerRule {
  std::string expression;
  std::regex pattern;
  BitWidths bits;
};

/// Throws  InvalidArgument for a text without '=', a bad expression or bad bits.
LayerRule parse_layer_rule(const std::string& text);

}  // namespace zoa
