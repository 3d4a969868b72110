// SPDX-License-Identifier: Apache-2.0
// Of adapter_texts.h what needs no network.
#include <algorithm>

#include "zoa/adapt/adapter_texts.h"
#include "zoa/adapt/guard_options.h"

namespace zoa {
namespace {

template <class Options>
bool has_option(const Options& options, const std::string& name) {
  const std::vector<OptionText> list = list_options(options);
  return std::any_of(list.begin(), list.end(),
                     [&](const OptionText& option) { return option.name == name; });
}

void add_names(const std::vector<OptionText>& options, std::vector<std::string>& names) {
  for (const OptionText& option : options) {
    names.push_back(option.name);
  }
}

void check_names(const AdapterOptions& options, const ModelInfo& model) {
  std::vector<std::string> known;
  add_names(method_options(options.method, {}, model), known);
  add_names(list_guard_overrides(GuardOptions{}), known);
  const std::size_t overridable = known.size();
  add_names(list_options(options), known);
  add_names(list_options(options.frames), known);
  const auto end = known.begin() + static_cast<std::ptrdiff_t>(overridable);
  for (const auto& [name, value] : options.overrides) {
    if (std::find(known.begin(), end, name) == end) {
      detail::fail_unknown_option(name, known);
    }
  }
}

}  // namespace

AdapterOptions make_adapter_options(const OptionValues& values, const ModelInfo& model) {
  AdapterOptions options;
  for (const auto& [name, value] : values) {
    if (has_option(options, name)) {
      set_option(options, name, value);
    } else if (has_option(options.frames, name)) {
      set_option(options.frames, name, value);
    } else {
      options.overrides.emplace_back(name, value);
    }
  }
  check_names(options, model);
  return options;
}

}  // namespace zoa
