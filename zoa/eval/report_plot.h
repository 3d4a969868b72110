// SPDX-License-Identifier: Apache-2.0
// Accuracy over the stream: one line per method, domains as named bands, what happened to banks in
// lanes below the axis. Private to the report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/eval/record.h"
#include "zoa/eval/report_series.h"

namespace zoa::detail {

/// One SVG element, "" for a run without labels.
std::string stream_plot(const Run& run, const SeriesTable& series);

/// Batches that one point of the line averages, at most.
std::size_t smoothing_window(const Run& run);

/// Accuracy per batch averaged over the neighbours within the same domain and round.
/// images  seen before the middle of the batch.      value  0..1
struct PlotPoint {
  double images = 0;
  double value = 0;
  double raw = 0;
  std::size_t segment = 0;  ///< number of the domain in the stream
  const BatchRecord* record = nullptr;
};
std::vector<PlotPoint> smooth_points(const Run& run, const std::string& method, std::size_t window);

}  // namespace zoa::detail
