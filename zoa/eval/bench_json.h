// SPDX-License-Identifier: Apache-2.0
// What 'zoa bench -o json' prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/bench.h"
#include "zoa/eval/cold_start.h"
#include "zoa/eval/frame_bench.h"
#include "zoa/eval/record.h"

namespace zoa {

/// One run of 'zoa bench' over batches.
struct BenchReport {
  std::vector<BenchRow> rows;
  std::vector<PictureTimes> pictures;  ///< where the images came from a data set
  std::vector<ColdStart> starts;       ///< where they were asked for
  std::optional<double> peak_rss_mb;   ///< of the process in the end, peak_rss_mb()
};

/// {"rows": [...], "pictures": [...], "starts": [...], "peak_rss_mb": ..., "machine": {...}}
std::string bench_json(const BenchReport& report,
                       const std::string& runtime,
                       const MachineFacts& machine);

/// {"frames": [{"rows": [...], "rss_mb": ..., "rss_kib_per_1000_frames": ...}], "machine": {...}}
std::string bench_json(const std::vector<FrameBench>& benches,
                       const std::string& runtime,
                       const MachineFacts& machine);

}  // namespace zoa
