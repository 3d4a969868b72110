// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/options.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"

namespace zoa::detail {
namespace {

template <class Number>
std::string shortest(Number value) {
  char buffer[64];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return {buffer, end.ptr};
}

// The whole text must be one number: "1x", " 1" and "" do not parse.
template <class Number>
bool parse_number(const std::string& text, Number& value) {
  const char* last = text.data() + text.size();
  const std::from_chars_result end = std::from_chars(text.data(), last, value);
  return end.ec == std::errc{} && end.ptr == last;
}

[[noreturn]] void fail_value(const OptionMeta& meta, const std::string& text, const char* wanted) {
  fail(ErrorCode::InvalidArgument, "option '", meta.name, "': '", text, "' is not ", wanted);
}

void check_range(const OptionMeta& meta, const std::string& text, double value) {
  if (value >= meta.min && value <= meta.max) {
    return;
  }
  fail(ErrorCode::InvalidArgument, "option '", meta.name, "': ", text, " is outside ",
       shortest(meta.min), " .. ", shortest(meta.max));
}

}  // namespace

std::string option_text(bool value) {
  return value ? "true" : "false";
}
std::string option_text(std::int64_t value) {
  return shortest(value);
}
std::string option_text(double value) {
  return shortest(value);
}
std::string option_text(const std::string& value) {
  return value;
}

void parse_option(const OptionMeta& meta, const std::string& text, bool& value) {
  if (text == "true" || text == "1" || text == "on" || text == "yes") {
    value = true;
  } else if (text == "false" || text == "0" || text == "off" || text == "no") {
    value = false;
  } else {
    fail_value(meta, text, "true or false");
  }
}

void parse_option(const OptionMeta& meta, const std::string& text, std::int64_t& value) {
  std::int64_t parsed = 0;
  if (!parse_number(text, parsed)) {
    fail_value(meta, text, "a whole number");
  }
  check_range(meta, text, static_cast<double>(parsed));
  value = parsed;
}

void parse_option(const OptionMeta& meta, const std::string& text, double& value) {
  double parsed = 0;
  if (!parse_number(text, parsed) || !std::isfinite(parsed)) {
    fail_value(meta, text, "a finite number");
  }
  check_range(meta, text, parsed);
  value = parsed;
}

void parse_option(const OptionMeta& /*meta*/, const std::string& text, std::string& value) {
  value = text;
}

void fail_unknown_option(const std::string& name, const std::vector<std::string>& known) {
  fail(ErrorCode::InvalidArgument, unknown_name_text("option", name, known));
}

}  // namespace zoa::detail
