// SPDX-License-Identifier: Apache-2.0
// What 'zoa bench -o json' prints.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/bench.h"
#include "zoa/eval/frame_bench.h"
#include "zoa/eval/record.h"

namespace zoa {

/// {"rows": [...], "machine": {...}}
std::string bench_json(const std::vector<BenchRow>& rows,
                       const std::string& runtime,
                       const MachineFacts& machine);

/// {"frames": [{"rows": [...], "rss_mb": ..., "rss_kib_per_1000_frames": ...}], "machine": {...}}
std::string bench_json(const std::vector<FrameBench>& benches,
                       const std::string& runtime,
                       const MachineFacts& machine);

}  // namespace zoa
