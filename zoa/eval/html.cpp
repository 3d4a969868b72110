// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/html.h"

#include <cmath>
#include <cstddef>
#include <cstdio>

namespace zoa::detail {
namespace {

// Bytes that a character with this first byte has, 0 for a byte that starts none.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Overlong forms, surrogates and numbers beyond Unicode, as their first two bytes tell.
bool is_forbidden(unsigned char lead, unsigned char second) {
  return (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
         (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
}

// Bytes of the UTF-8 character that starts here, 0 if none does.
std::size_t character_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = length_of(byte(at));
  if (at + length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length > 2 && is_forbidden(byte(at), byte(at + 1)) ? 0 : length;
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

std::string number_html(std::string text) {
  if (text.size() > 1 && text.front() == '-') {
    text.replace(0, 1, "&minus;");
  }
  return text;
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
  const auto first = static_cast<long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long>(std::floor(high / step + 1e-9));
  for (long i = first; i <= last; ++i) {
    ticks.push_back(static_cast<double>(i) * step);
  }
  return ticks;
}

}  // namespace zoa::detail
