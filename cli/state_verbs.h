// SPDX-License-Identifier: Apache-2.0
// Sub-verbs of zoa state that have a file of their own, and what they share.
#pragma once

#include <string>

#include "zoa/adapt/snapshot.h"

#include "cli/verbs.h"

namespace zoa::cli {

int run_state_merge(const Arguments& arguments);
int run_state_export(const Arguments& arguments);
int run_state_import(const Arguments& arguments);

/// load_snapshot(); a line on standard error where it is the previous one.
LoadedSnapshot load_with_warning(const std::string& path);

}  // namespace zoa::cli
