// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench.h"

#include <algorithm>
#include <memory>

#include "zoa/adapt/contender.h"
#include "zoa/core/error.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

// All repetitions of one method on one network.
struct Timings {
  std::vector<double> step;
  std::vector<double> prefix;
  std::vector<double> suffix;
  std::vector<double> pass2;
  std::vector<double> update;
  std::size_t passes = 0;

  void add(const TimedStep& timed) {
    const EngineTimes& engine = timed.times;
    step.push_back(timed.ms);
    prefix.push_back(engine.prefix);
    suffix.push_back(engine.first);
    pass2.push_back(engine.later);
    update.push_back(timed.ms - engine.prefix - engine.first - engine.later);
    passes += timed.passes;
  }
};

struct Contestant {
  std::size_t entry;
  std::string method;
  std::unique_ptr<Contender> contender;
  Timings timings;
};

std::vector<Contestant> make_contestants(const std::vector<BenchEntry>& entries,
                                         const std::vector<MethodRequest>& methods,
                                         const BenchOptions& options) {
  const ContenderOptions made{static_cast<std::uint64_t>(options.seed),
                              static_cast<int>(options.threads), options.guard, options.cache,
                              options.log};
  std::vector<Contestant> all;
  for (std::size_t entry = 0; entry < entries.size(); ++entry) {
    for (const MethodRequest& request : methods) {
      all.push_back(
          {entry,
           request.name,
           std::make_unique<Contender>(entries[entry].model, request.name, request.overrides, made),
           {}});
    }
  }
  return all;
}

void time_steps(std::vector<Contestant>& contestants,
                const std::vector<Batch>& batches,
                const BenchOptions& options) {
  for (std::int64_t rep = -options.warmup; rep < options.reps; ++rep) {
    for (Contestant& contestant : contestants) {
      const TimedStep step = contestant.contender->run(batches[contestant.entry]);
      if (rep >= 0) {
        contestant.timings.add(step);
      }
    }
  }
}

BenchRow make_row(const std::string& model, std::size_t batch, const Contestant& contestant) {
  const Timings& timings = contestant.timings;
  BenchRow row;
  row.model = model;
  row.method = contestant.method;
  row.batch = batch;
  row.step_ms = median(timings.step);
  row.p95_ms = quantile(timings.step, 0.95);
  row.min_ms = quantile(timings.step, 0);
  row.q1_ms = quantile(timings.step, 0.25);
  row.q3_ms = quantile(timings.step, 0.75);
  row.passes = static_cast<double>(timings.passes) / static_cast<double>(timings.step.size());
  row.parts = {median(timings.prefix), median(timings.suffix), median(timings.pass2),
               median(timings.update)};
  return row;
}

// Repetition by repetition, so that what slowed both down for a while does not count.
Spread paired_ratios(const std::vector<double>& times, const std::vector<double>& others) {
  std::vector<double> ratios(times.size());
  std::transform(times.begin(), times.end(), others.begin(), ratios.begin(), std::divides<>());
  return spread_of(ratios);
}

}  // namespace

std::vector<BenchRow> run_bench(const std::vector<BenchEntry>& entries,
                                const std::vector<MethodRequest>& methods,
                                std::size_t batch,
                                const BenchOptions& options) {
  check_options(options);
  if (batch < 1 || batch > kMostBatch) {
    fail(ErrorCode::InvalidArgument, "batch of ", batch, " images; expected 1 to ", kMostBatch);
  }
  std::vector<Contestant> contestants = make_contestants(entries, methods, options);
  std::vector<Batch> batches;
  batches.reserve(entries.size());
  for (const BenchEntry& entry : entries) {
    batches.push_back(entry.make_batch(batch));
  }
  time_steps(contestants, batches, options);

  std::vector<BenchRow> rows;
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    const Contestant& contestant = contestants[i];
    BenchRow row = make_row(entries[contestant.entry].name, batch, contestant);
    for (const Contestant& other : contestants) {
      if (other.entry == contestant.entry && other.method == "noadapt") {
        row.ratio = row.step_ms / median(other.timings.step);
      }
    }
    if (contestant.entry > 0) {
      row.vs_first =
          paired_ratios(contestant.timings.step, contestants[i % methods.size()].timings.step);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace zoa
