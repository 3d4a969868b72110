// SPDX-License-Identifier: Apache-2.0
// Times the answers to single frames: adaptation off, on, and on within a budget of time, streams
// taking turns on the same images. Also whether memory grows with the stream. Called by
// 'zoa bench --frames'.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/bench_images.h"
#include "zoa/eval/bench_options.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"
#include "zoa/model/model.h"

namespace zoa {

struct FrameBenchOptions {
  std::int64_t frames = 0;  ///< timed ones of each stream; 0 = none
  std::int64_t window = 64;
  double budget_ms = 0;

  template <class F>
  void visit(F&& f) {
    f(frames,
      OptionMeta{"frames", "answers of single frames to time instead of batches; 0 = batches", 0,
                 1e9});
    f(window, OptionMeta{"window", "frames that one update learns from", 2, 65536});
    f(budget_ms, OptionMeta{"budget_ms",
                            "of the stream with a budget: time of a frame from which further "
                            "passes wait for the pause before the next one",
                            0, 1e6});
  }
};

struct FrameBenchRow {
  std::string model;
  std::string method;
  std::optional<double> budget_ms;  ///< none: all passes before the answer returns
  double p50_ms = 0;                ///< of the call that answers
  double p99_ms = 0;
  double most_ms = 0;
  std::optional<double> p50_ratio;  ///< to noadapt's; none without noadapt
  std::optional<double> p99_ratio;
  double pause_ms = 0;  ///< median of the work left for the pause before the next frame
  std::uint64_t updates = 0;
  std::uint64_t late = 0;        ///< frames answered but not learnt from
  std::size_t stream_bytes = 0;  ///< Adapter::bytes()
};

struct FrameBench {
  std::vector<FrameBenchRow> rows;
  double rss_mb = 0;                ///< of the process after the warm-up, all streams together
  std::optional<double> rss_slope;  ///< KiB per 1,000 frames of each stream, least squares
};

/// One stream per method, and a second one with the budget where the method learns.
/// A tenth of the frames, at least one window, comes before the timed ones.
/// Throws  InvalidArgument; UnsupportedModel for methods that learn from batches only.
FrameBench run_frame_bench(const Model& model,
                           const std::vector<MethodRequest>& methods,
                           const FrameBenchOptions& frames,
                           const BenchOptions& options,
                           const BatchMaker& make_batch);

Table frame_bench_table(const std::vector<FrameBench>& benches);

}  // namespace zoa
