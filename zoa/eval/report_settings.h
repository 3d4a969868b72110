// SPDX-License-Identifier: Apache-2.0
// Settings of a network's runs and the commands that repeat its rows. Private to the report.
#pragma once

#include <iosfwd>

#include "zoa/eval/comparison.h"
#include "zoa/eval/report_series.h"

namespace zoa::detail {

/// Command and options of every row.
void write_rows_again(std::ostream& page,
                      const ComparisonNetwork& network,
                      const SeriesTable& series);

/// Network, data, protocol, machine.
void write_facts(std::ostream& page, const ComparisonNetwork& network);

}  // namespace zoa::detail
