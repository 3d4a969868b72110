// SPDX-License-Identifier: Apache-2.0
// Times one step of each method on the same images, methods taking turns so that a machine that
// slows down slows all of them. Called by 'zoa bench' and by 'zoa demo' for its cost figures.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zoa/core/batch.h"
#include "zoa/eval/record.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"
#include "zoa/model/model.h"

namespace zoa {

struct BenchOptions {
  std::int64_t reps = 20;
  std::int64_t warmup = 3;
  std::int64_t threads = 0;
  std::int64_t seed = 2020;
  std::string guard = "paper";

  template <class F>
  void visit(F&& f) {
    f(reps, OptionMeta{"reps", "timed steps per method and batch size", 1, 100000});
    f(warmup, OptionMeta{"warmup", "steps before the timed ones", 0, 1000});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
    f(seed, OptionMeta{"seed", "of the methods and of random images", 0, 9e15});
    f(guard, OptionMeta{"guard", "of the methods: paper (none), on, evidence, off"});
  }
};

struct BenchRow {
  std::string model;
  std::string method;
  std::size_t batch = 0;
  double step_ms = 0;  ///< median
  double p95_ms = 0;
  double min_ms = 0;
  double passes = 0;            ///< per step, counted by the engine
  std::optional<double> ratio;  ///< of step_ms to noadapt's at the same batch; none without noadapt
};

/// One batch of so many images. Called once per batch size.
using BatchMaker = std::function<Batch(std::size_t count)>;

/// Random pixels of the network's input size.
BatchMaker random_batches(const Model& model, std::uint64_t seed);

/// The first images of a domain. Throws  InvalidArgument where the domain has fewer.
BatchMaker data_batches(const Model& model, const Dataset& data, std::size_t domain);

/// Rows by batch size, then by method in the given order.
/// Throws  InvalidArgument for unknown methods or a batch outside 1..256.
std::vector<BenchRow> run_bench(const Model& model,
                                const std::vector<MethodRequest>& methods,
                                const std::vector<std::size_t>& batches,
                                const BenchOptions& options,
                                const BatchMaker& make_batch);

Table bench_table(const std::vector<BenchRow>& rows);

}  // namespace zoa
