// SPDX-License-Identifier: Apache-2.0
// Saved states of the command line.
#pragma once

#include <string>

#include "zoa/adapt/snapshot.h"

namespace zoa::cli {

/// load_snapshot(); a warning where it is the previous one.
LoadedSnapshot load_with_warning(const std::string& path);

}  // namespace zoa::cli
