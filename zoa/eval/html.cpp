// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/html.h"

#include <cmath>
#include <cstddef>
#include <cstdio>

namespace zoa::detail {
namespace {

// Bytes of the UTF-8 character that starts here, 0 if none does.
std::size_t character_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || at + length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const bool bad = (lead == 0xE0 && byte(at + 1) < 0xA0) || (lead == 0xED && byte(at + 1) > 0x9F) ||
                   (lead == 0xF0 && byte(at + 1) < 0x90) || (lead == 0xF4 && byte(at + 1) > 0x8F);
  return bad ? 0 : length;
}

std::string escape_ascii(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\n':
    case '\t': return " ";
    default: return {static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c};
  }
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    if (length > 1) {
      out += text.substr(i, length);
    } else {
      out += length == 1 ? escape_ascii(text[i]) : "?";
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

std::string coordinate(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.2f", std::isfinite(value) ? value : 0.0);
  std::string out(text);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') {
    out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

std::vector<double> nice_ticks(double low, double high, int count) {
  const double span = high > low ? high - low : 1;
  const double rough = span / (count > 0 ? count : 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double part = rough / power;
  const double step = power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
  std::vector<double> ticks;
  for (double tick = std::ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9;
       tick += step) {
    ticks.push_back(tick);
  }
  return ticks;
}

}  // namespace zoa::detail
