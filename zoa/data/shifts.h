// SPDX-License-Identifier: Apache-2.0
// The usual way to make shifts of a data set: its clean pictures under named corruptions. Called by
// the program and the bindings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"

namespace zoa {

/// Domain of the clean pictures: test, else clean, else the first one that is run by default.
std::string clean_domain(const Dataset& data);

/// Names with "all" replaced by the usual 15 corruptions and "extra" by the four validation ones.
/// Other names are not checked.
std::vector<std::string> expand_corruptions(const std::vector<std::string>& names);

/// The clean pictures under these corruptions (expand_corruptions); without any the data as they
/// are. Throws  as corrupted().
std::shared_ptr<const Dataset> make_shifts(std::shared_ptr<const Dataset> data,
                                           const std::vector<std::string>& corruptions,
                                           const std::vector<int>& severities);

}  // namespace zoa
