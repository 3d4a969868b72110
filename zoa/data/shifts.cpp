// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/shifts.h"

#include <algorithm>
#include <utility>

#include "zoa/corrupt/corrupt.h"

namespace zoa {

std::string clean_domain(const Dataset& data) {
  for (const char* name : {"test", "clean"}) {
    if (std::find(data.domains().begin(), data.domains().end(), name) != data.domains().end()) {
      return name;
    }
  }
  return default_domains(data).front();
}

std::vector<std::string> expand_corruptions(const std::vector<std::string>& names) {
  std::vector<std::string> expanded;
  for (const std::string& name : names) {
    if (name != "all" && name != "extra") {
      expanded.push_back(name);
      continue;
    }
    for (const CorruptionInfo& info : list_corruptions()) {
      if (info.validation == (name == "extra")) {
        expanded.push_back(info.name);
      }
    }
  }
  return expanded;
}

std::shared_ptr<const Dataset> make_shifts(std::shared_ptr<const Dataset> data,
                                           const std::vector<std::string>& corruptions,
                                           const std::vector<int>& severities) {
  if (corruptions.empty()) {
    return data;
  }
  CorruptedOptions options;
  options.names = expand_corruptions(corruptions);
  options.severities = severities;
  const std::string domain = clean_domain(*data);
  return corrupted(std::move(data), domain, options);
}

}  // namespace zoa
