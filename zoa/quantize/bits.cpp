// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/bits.h"

#include "zoa/core/error.h"

namespace zoa {

namespace {

constexpr char kFloat[] = "float";

bool is_width(char c) {
  return c >= '2' && c <= '8';
}

}  // namespace

std::string to_string(const BitWidths& bits) {
  if (bits.is_float()) {
    return kFloat;
  }
  return "w" + std::to_string(bits.weights) + "a" + std::to_string(bits.activations);
}

BitWidths parse_bits(const std::string& text) {
  if (text == kFloat) {
    return {kFloatBits, kFloatBits};
  }
  const bool sound = text.size() == 4 && text[0] == 'w' && is_width(text[1]) && text[2] == 'a' &&
                     is_width(text[3]);
  if (!sound) {
    fail(ErrorCode::InvalidArgument, "bits '", text,
         "': expected wXaY with X bits for weights and Y for activations, each 2 to 8 (w8a8, w6a6, "
         "w4a8, w4a4, w2a4)");
  }
  return {text[1] - '0', text[3] - '0'};
}

LayerRule parse_layer_rule(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    fail(ErrorCode::InvalidArgument, "layer rule '", text,
         "': expected REGEX=BITS, for example 'blocks.0=w8a8' or 'head=float'");
  }
  LayerRule rule;
  rule.expression = text.substr(0, equals);
  rule.bits = parse_bits(text.substr(equals + 1));
  try {
    rule.pattern = std::regex(rule.expression);
  } catch (const std::regex_error& error) {
    fail(ErrorCode::InvalidArgument, "layer rule '", text, "': not a regular expression (",
         error.what(), ")");
  }
  return rule;
}

}  // namespace zoa
