// SPDX-License-Identifier: Apache-2.0
#include "cli/data_source.h"

#include <sstream>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/data/shifts.h"

namespace zoa::cli {
namespace {

constexpr std::size_t kMostLabelBytes = 16U << 20U;

}  // namespace

std::vector<std::string> corruption_names(const std::string& text, const std::string& flag) {
  return expand_corruptions(split_list(text, flag));
}

std::shared_ptr<const Dataset> corrupt_source(std::shared_ptr<const Dataset> data,
                                              const DataSource& source) {
  return source.corrupt.empty()
             ? data
             : make_shifts(std::move(data), split_list(source.corrupt, "--corrupt"),
                           source.severities);
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
