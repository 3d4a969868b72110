// SPDX-License-Identifier: Apache-2.0
// The cells of a comparison: one method in one run, sorted into rows and networks; and the figures
// of a row from its cells. Private to the comparison.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/comparison.h"
#include "zoa/eval/record.h"

namespace zoa::detail {

// One method in one run.
struct Cell {
  const Run* run = nullptr;
  const MethodSummary* summary = nullptr;
  const MethodFacts* facts = nullptr;
};

struct RowCells {
  ComparisonRow row;
  std::vector<Cell> cells;  // one per seed
};

struct NetworkCells {
  const Run* first = nullptr;
  std::vector<RowCells> rows;
};

/// "2020", or "2020/3" where an order seed matters.
std::string seed_of(const RunHeader& header);

/// Sorts the methods of all runs into rows. A run that is there twice counts once; two different
/// results of it are noted in `unlike`. The runs must outlive the cells.
std::vector<NetworkCells> collect_cells(const std::vector<Run>& runs,
                                        std::vector<std::string>& unlike);

/// Fills accuracy, calibration and losses of a row, per domain and round of the comparison.
void fill_accuracy(RowCells& row, const Comparison& comparison);

/// Fills passes, times, memory, seeds and commands.
void fill_costs(RowCells& row);

}  // namespace zoa::detail
