// SPDX-License-Identifier: Apache-2.0
// --data, --corrupt, --labels: the images that eval and bench read.
#pragma once

#include <memory>
#include <string>

#include "zoa/data/dataset.h"

#include "cli/command_line.h"

namespace zoa::cli {

struct DataSource {
  std::string spec;
  std::string corrupt;  ///< names, comma-separated, or "all"; "" = the data as they are
  std::string labels;   ///< file of class names
  int severity = 5;
};

inline constexpr char kSpecHelp[] =
    "images:DIR, npz:FILE, cifar10-c:DIR, cifar100-c:DIR, imagenet-c:DIR or mnist:DIR";

/// Opens the data. With corruptions, the pictures are those of the domain test, else clean, else
/// the first one that is run by default.
std::shared_ptr<const Dataset> open_source(const DataSource& source);

/// Names of a comma-separated list, in which "all" stands for the usual 15 and "extra" for the four
/// validation corruptions. Throws  InvalidArgument for an empty part; names are not checked.
std::vector<std::string> corruption_names(const std::string& text, const std::string& flag);

/// Domain of the clean pictures: test, else clean, else the first one that is run by default.
std::string clean_domain(const Dataset& data);

/// The second half of open_source(): `data` itself where source names no corruption.
std::shared_ptr<const Dataset> corrupt_source(std::shared_ptr<const Dataset> data,
                                              const DataSource& source);

/// Class names, one a line. Throws  Io, BadFile.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace zoa::cli
