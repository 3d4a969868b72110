// SPDX-License-Identifier: Apache-2.0
#include "cli/data_source.h"

#include <algorithm>
#include <sstream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/corrupt/corrupt.h"

namespace zoa::cli {
namespace {

constexpr std::size_t kMostLabelBytes = 16U << 20U;

}  // namespace

std::string clean_domain(const Dataset& data) {
  for (const char* name : {"test", "clean"}) {
    if (std::find(data.domains().begin(), data.domains().end(), name) != data.domains().end()) {
      return name;
    }
  }
  return default_domains(data).front();
}

std::vector<std::string> corruption_names(const std::string& text, const std::string& flag) {
  std::vector<std::string> names;
  for (const std::string& part : split_list(text, flag)) {
    if (part != "all" && part != "extra") {
      names.push_back(part);
      continue;
    }
    for (const CorruptionInfo& info : list_corruptions()) {
      if (info.validation == (part == "extra")) {
        names.push_back(info.name);
      }
    }
  }
  return names;
}

std::shared_ptr<const Dataset> corrupt_source(std::shared_ptr<const Dataset> data,
                                              const DataSource& source) {
  if (source.corrupt.empty()) {
    return data;
  }
  CorruptedOptions options;
  options.names = corruption_names(source.corrupt, "--corrupt");
  options.severities = source.severities;
  const std::string domain = clean_domain(*data);
  return corrupted(std::move(data), domain, options);
}

std::shared_ptr<const Dataset> open_source(const DataSource& source) {
  std::shared_ptr<const Dataset> data = corrupt_source(
      open_dataset(source.spec, DatasetOptions{source.labels, source.severities}), source);
  return source.subset.empty() ? data : subset(std::move(data), source.subset);
}

std::vector<std::string> read_labels(const std::string& path) {
  const Bytes bytes = read_file(path, kMostLabelBytes);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<std::string> labels;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    if (line.empty()) {
      fail(ErrorCode::BadFile, path, ": line ", labels.size() + 1,
           " is empty; expected one class name per line");
    }
    labels.push_back(line);
  }
  if (labels.empty()) {
    fail(ErrorCode::BadFile, path, ": no class names; expected one per line");
  }
  return labels;
}

}  // namespace zoa::cli
