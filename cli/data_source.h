// SPDX-License-Identifier: Apache-2.0
// --data, --corrupt, --labels, --subset: the images that eval and bench read.
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
  std::string subset;   ///< file that lists pictures; "" = all
  std::vector<int> severities{5};
};

inline constexpr char kSpecHelp[] =
    "KIND:PATH, kinds images, npz, cifar10-c, cifar100-c, imagenet, imagenet-c, -r, -a, -sketch, "
    "-v2, mnist";

/// Opens the data. With corruptions, the pictures are those of the domain test, else clean, else
/// the first one that is run by default. A subset is taken last: a picture has the same noise in
/// every subset.
std::shared_ptr<const Dataset> open_source(const DataSource& source);

/// Names of a comma-separated list, in which "all" stands for the usual 15 and "extra" for the four
/// validation corruptions. Throws  InvalidArgument for an empty part; names are not checked.
std::vector<std::string> corruption_names(const std::string& text, const std::string& flag);

/// The second half of open_source(): `data` itself where source names no corruption.
std::shared_ptr<const Dataset> corrupt_source(std::shared_ptr<const Dataset> data,
                                              const DataSource& source);

/// Class names, one a line. Throws  Io, BadFile.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace zoa::cli
