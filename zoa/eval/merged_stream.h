// SPDX-License-Identifier: Apache-2.0
// Several seeds of a row as one stream for the plots. Private to the comparison.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/record.h"

namespace zoa::detail {

/// A run with this header but without methods and batches.
Run start_stream(const RunHeader& header);

/// Adds a method under the name `label`: batch by batch, right answers and labels summed over the
/// seeds, everything else of the first seed.
void add_to_stream(Run& stream,
                   const std::vector<const Run*>& seeds,
                   const std::string& method,
                   const std::string& label);

}  // namespace zoa::detail
