// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/frame_bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>

#include "zoa/adapt/adapter.h"
#include "zoa/adapt/latency.h"
#include "zoa/core/clock.h"
#include "zoa/eval/peak_memory.h"

namespace zoa {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kImages = 64;      // different ones, one after the other
constexpr std::int64_t kSamples = 1000;  // of the memory, at most

struct Contestant {
  std::string method;
  std::optional<double> budget_ms;
  Adapter adapter;
  LatencyHistogram answers;
  LatencyHistogram pauses;

  void push(std::span<const float> image, bool timed) {
    const Clock::time_point start = Clock::now();
    adapter.push(image);
    const double answer = milliseconds_since(start);
    const Clock::time_point pause = Clock::now();
    adapter.step(-1);
    if (timed) {
      answers.add(answer);
      pauses.add(milliseconds_since(pause));
    }
  }
};

// Slope of memory over frames, by least squares; sums only, so that it takes no memory itself.
class MemorySlope {
 public:
  void add(double frames, double mb) {
    ++count_;
    x_ += frames;
    y_ += mb;
    xx_ += frames * frames;
    xy_ += frames * mb;
  }

  /// KiB per 1,000 frames.
  std::optional<double> get() const {
    const double spread = count_ * xx_ - x_ * x_;
    if (count_ < 2 || spread <= 0) {
      return std::nullopt;
    }
    return (count_ * xy_ - x_ * y_) / spread * 1e6 / 1024 * 1000;
  }

 private:
  double count_ = 0;
  double x_ = 0;
  double y_ = 0;
  double xx_ = 0;
  double xy_ = 0;
};

std::vector<Contestant> make_contestants(const Model& model,
                                         const std::vector<MethodRequest>& methods,
                                         const FrameBenchOptions& frames,
                                         const BenchOptions& options) {
  std::vector<Contestant> all;
  for (const MethodRequest& request : methods) {
    AdapterOptions made;
    made.method = request.name;
    made.overrides = request.overrides;
    made.seed = options.seed;
    made.threads = options.threads;
    made.guard = options.guard;
    made.cache = options.cache;
    made.log = options.log;
    made.frames.window = frames.window;
    all.push_back({request.name, std::nullopt, Adapter(model, made), {}, {}});
    if (request.name != "noadapt") {
      made.frames.budget_ms = frames.budget_ms;
      all.push_back({request.name, frames.budget_ms, Adapter(model, made), {}, {}});
    }
  }
  return all;
}

void fill_ratios(std::vector<FrameBenchRow>& rows) {
  const auto plain = std::find_if(rows.begin(), rows.end(), [](const FrameBenchRow& row) {
    return row.method == "noadapt" && row.p50_ms > 0;
  });
  if (plain == rows.end()) {
    return;
  }
  const double p50 = plain->p50_ms;
  const double p99 = plain->p99_ms;
  for (FrameBenchRow& row : rows) {
    row.p50_ratio = row.p50_ms / p50;
    row.p99_ratio = row.p99_ms / p99;
  }
}

FrameBenchRow make_row(const Model& model, const Contestant& contestant) {
  FrameBenchRow row;
  row.model = model.name();
  row.method = contestant.method;
  row.budget_ms = contestant.budget_ms;
  row.p50_ms = contestant.answers.quantile(0.5);
  row.p99_ms = contestant.answers.quantile(0.99);
  row.most_ms = contestant.answers.most();
  row.pause_ms = contestant.pauses.quantile(0.5);
  row.updates = contestant.adapter.counters().updates;
  row.late = contestant.adapter.counters().late;
  row.stream_bytes = contestant.adapter.bytes();
  return row;
}

std::string budget_text(const FrameBenchRow& row) {
  return row.budget_ms ? fixed_text(*row.budget_ms, 1) : "-";
}

std::string ratio_text(const std::optional<double>& ratio) {
  return ratio ? fixed_text(*ratio, 2) : "-";
}

}  // namespace

FrameBench run_frame_bench(const Model& model,
                           const std::vector<MethodRequest>& methods,
                           const FrameBenchOptions& frames,
                           const BenchOptions& options,
                           const BatchMaker& make_batch) {
  check_options(options);
  check_options(frames);
  const Batch images = make_batch(kImages);
  const std::size_t size = images.pixels.size() / images.count;
  std::vector<Contestant> contestants = make_contestants(model, methods, frames, options);
  const std::int64_t warmup = std::max(frames.window, frames.frames / 10);
  const std::int64_t sample_every = std::max<std::int64_t>(1, frames.frames / kSamples);
  FrameBench bench;
  MemorySlope slope;
  for (std::int64_t frame = -warmup; frame < frames.frames; ++frame) {
    const std::size_t image = static_cast<std::size_t>(frame + warmup) % images.count;
    const std::span pixels(images.pixels.data() + image * size, size);
    for (Contestant& contestant : contestants) {
      contestant.push(pixels, frame >= 0);
    }
    if (frame >= 0 && frame % sample_every == 0) {
      const double mb = rss_mb().value_or(0);
      bench.rss_mb = frame == 0 ? mb : bench.rss_mb;
      slope.add(static_cast<double>(frame), mb);
    }
  }
  bench.rss_slope = slope.get();
  for (const Contestant& contestant : contestants) {
    bench.rows.push_back(make_row(model, contestant));
  }
  fill_ratios(bench.rows);
  return bench;
}

Table frame_bench_table(const std::vector<FrameBench>& benches) {
  Table table{{"model", "method", "budget_ms", "p50_ms", "p99_ms", "most_ms", "p50_ratio",
               "p99_ratio", "pause_ms", "updates", "late", "stream_kib"},
              {},
              0,
              2};
  for (const FrameBench& bench : benches) {
    for (const FrameBenchRow& row : bench.rows) {
      table.rows.push_back(
          {row.model, row.method, budget_text(row), fixed_text(row.p50_ms, 2),
           fixed_text(row.p99_ms, 2), fixed_text(row.most_ms, 2), ratio_text(row.p50_ratio),
           ratio_text(row.p99_ratio), fixed_text(row.pause_ms, 2), std::to_string(row.updates),
           std::to_string(row.late), fixed_text(static_cast<double>(row.stream_bytes) / 1024, 1)});
    }
  }
  return table;
}

}  // namespace zoa
