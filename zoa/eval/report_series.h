// SPDX-License-Identifier: Apache-2.0
// How the methods of a page are told apart: colour, dash and marker follow from a number that a
// method keeps in all plots of the page. Private to the report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/eval/comparison.h"

namespace zoa::detail {

/// Labels of the rows by their number; noadapt has number 0, which is gray.
class SeriesTable {
 public:
  explicit SeriesTable(const Comparison& comparison);
  std::size_t size() const { return labels_.size(); }
  std::size_t number_of(const std::string& label) const;

 private:
  std::vector<std::string> labels_;
};

/// Classes of an element in the colour of a series: "c3 d1".
std::string series_class(std::size_t number);

/// A marker of about 9 units, drawn at (x, y). It is told apart without colours too.
std::string marker_path(std::size_t number, double x, double y);

/// A small SVG of line and marker for legends and tables.
std::string swatch(std::size_t number);

/// Style rules that hide what belongs to a series (class lN) in a section in which its box (class
/// tN) is not ticked. Needs no script.
std::string toggle_rules(std::size_t count);

}  // namespace zoa::detail
