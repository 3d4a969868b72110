// SPDX-License-Identifier: Apache-2.0
// Tables of the page. Private to the report.
#pragma once

#include <iosfwd>

#include "zoa/eval/comparison.h"
#include "zoa/eval/report_series.h"

namespace zoa::detail {

/// Accuracy of all methods on all networks; nothing for a single network.
void write_matrix(std::ostream& page, const Comparison& comparison, const SeriesTable& series);

/// Accuracy and cost of a network's methods; rows can be sorted.
void write_figures(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series);

/// Accuracy per domain with bars for the difference to the first row: domains downwards for up to
/// three methods, methods downwards for more.
void write_domains(std::ostream& page,
                   const Comparison& comparison,
                   const ComparisonNetwork& network,
                   const SeriesTable& series);

/// Accuracy per round; nothing for a single round.
void write_rounds(std::ostream& page,
                  const Comparison& comparison,
                  const ComparisonNetwork& network,
                  const SeriesTable& series);

}  // namespace zoa::detail
