// SPDX-License-Identifier: Apache-2.0
// Tables of a comparison: Markdown to paste into a document, CSV for spreadsheets and scripts.
#pragma once

#include <optional>
#include <string>

#include "zoa/eval/comparison.h"
#include "zoa/eval/table.h"

namespace zoa {

/// "72.9 +- 0.3" with the proper sign, "72.9" for one seed, "-" for none.
/// scale  100 for percent
std::string spread_text(const std::optional<MeanSd>& value, double scale, int digits);

/// "2", "1.87": passes per batch.
std::string passes_text(double passes);

/// Rows: methods. Columns: passes per batch, then top-1 (mean over the domains) on each network.
Table results_table(const Comparison& comparison);

/// Rows: methods. Columns: top-1, points gained over the first row, ECE, entropy, loss, passes, ms
/// and memory; what no row has is left out.
Table figures_table(const ComparisonNetwork& network);

/// Rows: methods. Columns: domains, then their mean. Top-1 in percent.
Table domain_table(const Comparison& comparison, const ComparisonNetwork& network);

/// Rows: methods. Columns: rounds. Top-1 in percent, mean over the domains.
Table round_table(const Comparison& comparison, const ComparisonNetwork& network);

/// "8 domains, 4096 images, batch 64, 3 seeds (2020, 2021, 2022), order file": what all rows share.
std::string protocol_text(const Comparison& comparison);

/// All tables with their captions and the commands that repeat the rows.
std::string markdown_report(const Comparison& comparison);

/// One line per network and method; shares 0..1, losses in nats. Columns domain:NAME and round:N
/// come last, with the spread over the seeds in columns ending in _sd.
std::string csv_report(const Comparison& comparison);

}  // namespace zoa
