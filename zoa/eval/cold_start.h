// SPDX-License-Identifier: Apache-2.0
// Times what comes before the first answer: reading a model folder, rewriting its network for a
// method, compiling it. Called by 'zoa bench --cold'.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/bench_images.h"
#include "zoa/eval/bench_options.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"

namespace zoa {

/// Medians over the starts, in milliseconds.
struct ColdStart {
  std::string model;
  std::string method;
  std::size_t batch = 0;
  double load_ms = 0;     ///< the folder: files, hashes, structure
  double rewrite_ms = 0;  ///< slots, taps, the cut into prefix and suffix
  double compile_ms = 0;  ///< by the runtime
  double answer_ms = 0;   ///< the first step
  double total_ms = 0;    ///< median of their sum
  double most_ms = 0;     ///< the slowest start: as a rule the first one of the process, which
                          ///< also loads the runtime's plugin
};

/// options.cold starts of each method on each folder, taking turns; each start loads the folder
/// anew. The files are then in the system's page cache, but for a first start.
/// Throws  what loading and methods throw.
std::vector<ColdStart> time_cold_starts(const std::vector<std::string>& folders,
                                        const std::vector<MethodRequest>& methods,
                                        std::size_t batch,
                                        const BenchOptions& options);

Table cold_table(const std::vector<ColdStart>& starts);

}  // namespace zoa
