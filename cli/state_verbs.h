// SPDX-License-Identifier: Apache-2.0
// Sub-verbs of zoa state that have a file of their own.
#pragma once

#include "cli/verbs.h"

namespace zoa::cli {

int run_state_merge(const Arguments& arguments);
int run_state_export(const Arguments& arguments);
int run_state_import(const Arguments& arguments);

}  // namespace zoa::cli
