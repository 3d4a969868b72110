// SPDX-License-Identifier: Apache-2.0
// Times one step of each method on each network, all taking turns so that a machine that slows
// down slows all of them, and says where the time of a step goes. Called by 'zoa bench'.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/bench_images.h"
#include "zoa/eval/bench_options.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"
#include "zoa/model/model.h"

namespace zoa {

/// Where the time of a step goes; each a median of its own, so the sum need not be the step's.
struct BenchParts {
  double prefix_ms = 0;  ///< what no slot can change; without slots all of the network
  double suffix_ms = 0;  ///< the rest of the first pass
  double pass2_ms = 0;   ///< all later passes together
  double update_ms = 0;  ///< everything else: losses, directions, bank, copies of slots
};

struct BenchRow {
  std::string model;
  std::string method;
  std::size_t batch = 0;
  double step_ms = 0;  ///< median
  double p95_ms = 0;
  double min_ms = 0;
  double q1_ms = 0;
  double q3_ms = 0;
  double passes = 0;               ///< per step, counted by the engine
  std::optional<double> ratio;     ///< of step_ms to noadapt's at the same batch; none without it
  std::optional<Spread> vs_first;  ///< of the step to the first network's, same method and batch,
                                   ///< over repetitions; none for the first network itself
  BenchParts parts;
};

struct BenchEntry {
  std::string name;  ///< in the rows
  const Model& model;
  BatchMaker make_batch;
};

/// Rows by network, then by method in the given order.
/// A repetition runs every method on every network once; all are compiled at the same time.
/// Throws  InvalidArgument for unknown methods or a batch outside 1..256.
std::vector<BenchRow> run_bench(const std::vector<BenchEntry>& entries,
                                const std::vector<MethodRequest>& methods,
                                std::size_t batch,
                                const BenchOptions& options);

Table bench_table(const std::vector<BenchRow>& rows);

/// The parts of the steps; decode and resize where they were timed.
Table parts_table(const std::vector<BenchRow>& rows, const std::vector<PictureTimes>& pictures);

/// Step of the later networks to the first one's; no rows for one network.
Table versus_table(const std::vector<BenchRow>& rows);

}  // namespace zoa
