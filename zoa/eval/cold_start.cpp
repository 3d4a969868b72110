// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/cold_start.h"

#include <chrono>

#include "zoa/adapt/contender.h"
#include "zoa/core/clock.h"

namespace zoa {
namespace {

struct Starts {
  std::string model;
  std::string method;
  std::vector<double> load, rewrite, compile, answer, total;
};

void start_once(Starts& starts,
                const std::string& folder,
                const MethodRequest& request,
                std::size_t count,
                const BenchOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Model model = Model::load(folder);
  const double load = milliseconds_since(start);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const Batch batch = random_batches(model, seed)(count);
  Contender contender(
      model, request.name, request.overrides,
      {seed, static_cast<int>(options.threads), options.guard, options.cache, options.log});
  const TimedStep step = contender.run(batch);
  const EngineTimes& times = contender.engine().times();
  starts.model = model.name();
  starts.method = request.name;
  starts.load.push_back(load);
  starts.rewrite.push_back(times.rewrite);
  starts.compile.push_back(times.compile);
  starts.answer.push_back(step.ms);
  starts.total.push_back(load + times.rewrite + times.compile + step.ms);
}

}  // namespace

std::vector<ColdStart> time_cold_starts(const std::vector<std::string>& folders,
                                        const std::vector<MethodRequest>& methods,
                                        std::size_t batch,
                                        const BenchOptions& options) {
  std::vector<Starts> all(folders.size() * methods.size());
  for (std::int64_t start = 0; start < options.cold; ++start) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      start_once(all[i], folders[i / methods.size()], methods[i % methods.size()], batch, options);
    }
  }
  std::vector<ColdStart> rows;
  if (options.cold == 0) {
    return rows;
  }
  rows.reserve(all.size());
  for (const Starts& starts : all) {
    rows.push_back({starts.model, starts.method, batch, median(starts.load), median(starts.rewrite),
                    median(starts.compile), median(starts.answer), median(starts.total),
                    quantile(starts.total, 1)});
  }
  return rows;
}

Table cold_table(const std::vector<ColdStart>& starts) {
  Table table{{"model", "method", "batch", "load_ms", "rewrite_ms", "compile_ms", "answer_ms",
               "total_ms", "most_ms"},
              {},
              0,
              2};
  for (const ColdStart& start : starts) {
    table.rows.push_back({start.model, start.method, std::to_string(start.batch),
                          fixed_text(start.load_ms, 1), fixed_text(start.rewrite_ms, 1),
                          fixed_text(start.compile_ms, 1), fixed_text(start.answer_ms, 1),
                          fixed_text(start.total_ms, 1), fixed_text(start.most_ms, 1)});
  }
  return table;
}

}  // namespace zoa
