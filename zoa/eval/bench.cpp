// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench.h"

#include <algorithm>
#include <memory>

#include "zoa/adapt/contender.h"
#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/data/stream.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

struct Timings {
  std::vector<double> ms;
  std::size_t passes = 0;
};

using Contenders = std::vector<std::unique_ptr<Contender>>;

std::vector<Timings> time_steps(Contenders& contenders,
                                const Batch& batch,
                                const BenchOptions& options) {
  std::vector<Timings> timings(contenders.size());
  for (std::int64_t rep = -options.warmup; rep < options.reps; ++rep) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const TimedStep step = contenders[i]->run(batch);
      if (rep >= 0) {
        timings[i].ms.push_back(step.ms);
        timings[i].passes += step.passes;
      }
    }
  }
  return timings;
}

void add_rows(std::vector<BenchRow>& rows,
              const std::string& model,
              const std::vector<std::string>& names,
              const std::vector<Timings>& timings,
              std::size_t batch) {
  std::optional<double> plain;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "noadapt") {
      plain = median(timings[i].ms);
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<double>& ms = timings[i].ms;
    BenchRow row{model, names[i], batch, median(ms), quantile(ms, 0.95), quantile(ms, 0), 0, {}};
    row.passes = static_cast<double>(timings[i].passes) / static_cast<double>(ms.size());
    if (plain && *plain > 0) {
      row.ratio = row.step_ms / *plain;
    }
    rows.push_back(std::move(row));
  }
}

}  // namespace

BatchMaker random_batches(const Model& model, std::uint64_t seed) {
  return [spec = model.preprocess(), seed](std::size_t count) {
    Batch batch;
    batch.count = count;
    batch.channels = static_cast<std::size_t>(spec.channels);
    batch.height = static_cast<std::size_t>(spec.height);
    batch.width = static_cast<std::size_t>(spec.width);
    batch.pixels.resize(count * num_values(spec));
    const Rng rng(seed, count);
    for (std::size_t i = 0; i < batch.pixels.size(); ++i) {
      batch.pixels[i] = static_cast<float>(rng.uniform(i) * 2 - 1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      batch.ids.push_back(static_cast<std::int64_t>(i));
    }
    batch.labels.assign(count, -1);
    return batch;
  };
}

BatchMaker data_batches(const Model& model, const Dataset& data, std::size_t domain) {
  return [spec = model.preprocess(), &data, domain](std::size_t count) {
    StreamOptions options;
    options.batch = count;
    BatchReader reader(data, domain, spec, options);
    Batch batch;
    std::vector<SkippedImage> skipped;
    if (!reader.next(batch, skipped) || batch.count < count) {
      fail(ErrorCode::InvalidArgument, data.spec(), ": ", batch.count, " usable images in domain '",
           data.domains()[domain], "'; a batch of ", count, " needs more");
    }
    return batch;
  };
}

std::vector<BenchRow> run_bench(const Model& model,
                                const std::vector<MethodRequest>& methods,
                                const std::vector<std::size_t>& batches,
                                const BenchOptions& options,
                                const BatchMaker& make_batch) {
  check_options(options);
  std::vector<BenchRow> rows;
  for (const std::size_t count : batches) {
    if (count < 1 || count > kMostBatch) {
      fail(ErrorCode::InvalidArgument, "batch of ", count, " images; expected 1 to ", kMostBatch);
    }
    Contenders contenders;
    std::vector<std::string> names;
    for (const MethodRequest& request : methods) {
      contenders.push_back(std::make_unique<Contender>(
          model, request.name, request.overrides,
          ContenderOptions{static_cast<std::uint64_t>(options.seed),
                           static_cast<int>(options.threads), options.guard}));
      names.push_back(request.name);
    }
    add_rows(rows, model.name(), names, time_steps(contenders, make_batch(count), options), count);
  }
  return rows;
}

Table bench_table(const std::vector<BenchRow>& rows) {
  Table table{
      {"model", "method", "batch", "step_ms", "p95_ms", "min_ms", "passes", "ratio"}, {}, 0, 2};
  for (const BenchRow& row : rows) {
    table.rows.push_back({row.model, row.method, std::to_string(row.batch),
                          fixed_text(row.step_ms, 2), fixed_text(row.p95_ms, 2),
                          fixed_text(row.min_ms, 2), fixed_text(row.passes, 0),
                          row.ratio ? fixed_text(*row.ratio, 2) : "-"});
  }
  return table;
}

}  // namespace zoa
