// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/unlike.h"

#include <algorithm>
#include <array>

#include "zoa/eval/run.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMostFiles = 4;
constexpr std::size_t kMostCharacters = 60;

// Options in which rows of a table may differ; order seeds are compared as sets.
constexpr std::array<const char*, 5> kFreeOptions{"seed", "order_seed", "threads", "shard",
                                                  "passes"};

template <class Values>
std::string join(const Values& values, const std::string& separator) {
  std::string text;
  for (const auto& value : values) {
    text += (text.empty() ? "" : separator) + value;
  }
  return text;
}

std::string images_text(const RunHeader& header) {
  std::vector<std::string> counts;
  std::size_t all = 0;
  for (const std::size_t images : header.images) {
    counts.push_back(std::to_string(images));
    all += images;
  }
  const bool equal =
      std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to<>()) == counts.end();
  return std::to_string(all) + (equal && !counts.empty() ? " (" + counts.front() + " per domain)"
                                                         : " (" + join(counts, " + ") + ")");
}

std::string files_text(const std::vector<std::string>& files) {
  std::vector<std::string> first(
      files.begin(),
      files.begin() + static_cast<std::ptrdiff_t>(std::min(files.size(), kMostFiles)));
  if (files.size() > kMostFiles) {
    first.back() = "and " + std::to_string(files.size() - kMostFiles + 1) + " more";
  }
  return join(first, ", ");
}

}  // namespace

std::string option_of(const RunHeader& header, const std::string& name) {
  for (const OptionText& option : header.options) {
    if (option.name == name) {
      return option.value;
    }
  }
  for (const OptionText& option : list_options(EvalOptions{})) {
    if (option.name == name) {
      return option.value;
    }
  }
  return "";
}

bool draws_order(const RunHeader& header) {
  return option_of(header, "order") != "file" || option_of(header, "mixed") == "true";
}

std::vector<std::string> protocol_options(const std::vector<Run>& runs) {
  std::vector<OptionText> options = list_options(EvalOptions{});
  for (const Run& run : runs) {
    options.insert(options.end(), run.header.options.begin(), run.header.options.end());
  }
  std::vector<std::string> names;
  for (const OptionText& option : options) {
    const bool is_free =
        std::find(kFreeOptions.begin(), kFreeOptions.end(), option.name) != kFreeOptions.end();
    if (!is_free && std::find(names.begin(), names.end(), option.name) == names.end()) {
      names.push_back(option.name);
    }
  }
  return names;
}

std::vector<OptionText> protocol_of(const RunHeader& header,
                                    const std::vector<std::string>& options) {
  std::vector<OptionText> facts;
  const auto add = [&](const std::string& name, const std::string& value) {
    facts.push_back({name, "text", value, "", 0, 0});
  };
  add("data", header.data_hash.substr(0, 8));
  add("images", images_text(header));
  add("domains", join(header.domains, ","));
  for (const std::string& name : options) {
    add(name, option_of(header, name));
  }
  return facts;
}

void note_value(ValueFiles& values, const std::string& value, const std::string& file) {
  auto found =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == value; });
  if (found == values.end()) {
    found = values.insert(values.end(), {value, {}});
  }
  if (std::find(found->second.begin(), found->second.end(), file) == found->second.end()) {
    found->second.push_back(file);
  }
}

std::string difference_text(const std::string& name, const ValueFiles& values) {
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const auto& [value, files] : values) {
    std::string text = value.empty() ? "none" : value;
    if (text.size() > kMostCharacters) {
      text = text.substr(0, kMostCharacters - 3) + "...";
    }
    parts.push_back(text + " (" + files_text(files) + ")");
  }
  return name + ": " + join(parts, " vs ");
}

std::vector<std::string> protocol_differences(const std::vector<Run>& runs) {
  std::vector<std::string> lines;
  const auto compare = [&](const std::string& name, auto&& value_of) {
    ValueFiles values;
    for (const Run& run : runs) {
      note_value(values, value_of(run.header), run.source);
    }
    if (values.size() > 1) {
      lines.push_back(difference_text(name, values));
    }
  };
  compare("data hash", [](const RunHeader& header) { return header.data_hash; });
  compare("images", images_text);
  compare("domains", [](const RunHeader& header) {
    return std::to_string(header.domains.size()) + ": " + join(header.domains, ",");
  });
  for (const std::string& name : protocol_options(runs)) {
    compare(name, [&](const RunHeader& header) { return option_of(header, name); });
  }
  return lines;
}

}  // namespace zoa::detail
