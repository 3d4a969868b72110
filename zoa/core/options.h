// SPDX-License-Identifier: Apache-2.0
// Options are plain structs with defaults and one visit() that names every field once:
//
//   struct ZoaOptions {
//     double lr = 5e-4;
//     template <class F> void visit(F&& f) {
//       f(lr, OptionMeta{"lr", "step size of the norm offsets", 0, 1});
//     }
//   };
//
// From that list come the flags, the JSON of records, range checks, help texts and bindings.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace zoa {

struct OptionMeta {
  const char* name;
  const char* help;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

/// One option as text, for help pages, records and bindings.
struct OptionText {
  std::string name;
  std::string type;   ///< "bool", "int", "float" or "text"
  std::string value;  ///< round-trips through set_option
  std::string help;
  double min = 0;
  double max = 0;
};

namespace detail {
std::string option_text(bool value);
std::string option_text(std::int64_t value);
std::string option_text(double value);
std::string option_text(const std::string& value);
void parse_option(const OptionMeta& meta, const std::string& text, bool& value);
void parse_option(const OptionMeta& meta, const std::string& text, std::int64_t& value);
void parse_option(const OptionMeta& meta, const std::string& text, double& value);
void parse_option(const OptionMeta& meta, const std::string& text, std::string& value);
inline const char* option_type(const bool& /*unused*/) {
  return "bool";
}
inline const char* option_type(const std::int64_t& /*unused*/) {
  return "int";
}
inline const char* option_type(const double& /*unused*/) {
  return "float";
}
inline const char* option_type(const std::string& /*unused*/) {
  return "text";
}
[[noreturn]] void fail_unknown_option(const std::string& name,
                                      const std::vector<std::string>& known);
}  // namespace detail

/// All options of a struct with their present values, in the order of visit().
template <class Options>
std::vector<OptionText> list_options(Options options) {
  std::vector<OptionText> list;
  options.visit([&](auto& value, const OptionMeta& meta) {
    list.push_back({meta.name, detail::option_type(value), detail::option_text(value), meta.help,
                    meta.min, meta.max});
  });
  return list;
}

/// Sets one option from text.
/// Throws  InvalidArgument for an unknown name (the text lists the known ones), a value that does
///         not parse, or one outside its range.
template <class Options>
void set_option(Options& options, const std::string& name, const std::string& text) {
  bool found = false;
  options.visit([&](auto& value, const OptionMeta& meta) {
    if (name == meta.name) {
      detail::parse_option(meta, text, value);
      found = true;
    }
  });
  if (found) {
    return;
  }
  std::vector<std::string> known;
  options.visit([&](auto& /*value*/, const OptionMeta& meta) { known.emplace_back(meta.name); });
  detail::fail_unknown_option(name, known);
}

/// Checks every value against its range.
/// Throws  InvalidArgument naming the option, the value and the range.
template <class Options>
void check_options(Options options) {
  options.visit([&](auto& value, const OptionMeta& meta) {
    const std::string text = detail::option_text(value);
    detail::parse_option(meta, text, value);
  });
}

}  // namespace zoa
