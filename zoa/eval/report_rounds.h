// SPDX-License-Identifier: Apache-2.0
// Accuracy per round, for long streams that come back to the same domains. Private to the report.
#pragma once

#include <string>

#include "zoa/eval/comparison.h"
#include "zoa/eval/report_series.h"

namespace zoa::detail {

/// One SVG element with a line per method and the spread over the seeds; "" for a single round.
std::string round_plot(const Comparison& comparison,
                       const ComparisonNetwork& network,
                       const SeriesTable& series);

}  // namespace zoa::detail
