// SPDX-License-Identifier: Apache-2.0
// Pictures that a program already has in memory as a data set, e.g. to calibrate with.
#pragma once

#include <memory>
#include <vector>

#include "zoa/data/dataset.h"
#include "zoa/image/view.h"

namespace zoa {

/// A data set "memory" of one domain, "images". What the views point to must outlive it.
/// labels  a class index for each picture (-1 = unknown), or none at all
/// Throws  InvalidArgument for another number of labels. A picture of a wrong size throws when it
///         is asked for.
std::unique_ptr<Dataset> images_in_memory(std::vector<ImageView> pictures,
                                          std::vector<int> labels = {});

}  // namespace zoa
