// SPDX-License-Identifier: Apache-2.0
// Tables of text, aligned for terminals or as Markdown, and the accuracy table of a run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/record.h"

namespace zoa {

struct Table {
  std::vector<std::string> columns;            ///< titles; the first column holds the row's name
  std::vector<std::vector<std::string>> rows;  ///< as many cells as there are columns
  std::size_t rule_before =
      0;                 ///< a line is drawn before this many last rows (text only); 0 = none
  std::size_t left = 1;  ///< so many first columns hold words: aligned to the left
};

/// A line under the titles; numbers to the right.
std::string text_table(const Table& table);
std::string markdown_table(const Table& table);

struct AccuracyTableOptions {
  bool gain = false;  ///< a last column: last method minus first, in points
};

/// Rows: domains in the order of the run, last row their mean. Columns: methods. In percent.
Table accuracy_table(const Run& run, const AccuracyTableOptions& options = {});

/// Rows: methods. Columns: passes per batch, ms per batch (median), ratio to the first method.
Table cost_table(const Run& run, bool timings = true);

/// "72.9", "-" for none: a share in percent.
std::string percent_text(const std::optional<double>& share);
/// "+4.4": a difference of shares in points.
std::string points_text(double difference);
/// A number with so many digits after the point.
std::string fixed_text(double value, int digits);

}  // namespace zoa
