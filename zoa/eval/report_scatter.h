// SPDX-License-Identifier: Apache-2.0
// Accuracy against cost: what an extra pass or millisecond buys. Private to the report.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/comparison.h"
#include "zoa/eval/report_series.h"

namespace zoa::detail {

/// One SVG element: a marker per row with the spread over the seeds, and the Pareto line through
/// those that no row beats at the same cost or less. "" if less than two rows have both numbers.
/// cost  of the rows, in their order; 0 = unknown
std::string cost_plot(const ComparisonNetwork& network,
                      const std::vector<double>& cost,
                      const std::string& title,
                      const SeriesTable& series);

/// Rows that no other row beats: accuracy grows with each. Indices, the cheapest first.
std::vector<std::size_t> pareto_rows(const std::vector<ComparisonRow>& rows,
                                     const std::vector<double>& cost);

}  // namespace zoa::detail
