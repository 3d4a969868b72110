// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_rounds.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/eval/chart_axes.h"
#include "zoa/eval/comparison_table.h"
#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

void draw_row(std::ostream& svg,
              const ChartAxes& axes,
              const Comparison& comparison,
              const ComparisonRow& row,
              std::size_t number) {
  std::ostringstream line;
  std::ostringstream marks;
  bool first = true;
  for (std::size_t i = 0; i < row.rounds.size(); ++i) {
    const std::optional<MeanSd>& round = row.rounds[i];
    if (!round) {
      continue;
    }
    const double x = axes.x(static_cast<double>(comparison.rounds[i]));
    const double y = axes.y(round->mean);
    line << (first ? "M" : "L") << coordinate(x) << " " << coordinate(y);
    first = false;
    marks << error_bar(axes, x, *round) << marker_path(number, x, y);
  }
  svg << "<g class=\"" << series_class(number) << " l" << number << "\"><title>"
      << escape_html(row.label) << "</title><path class=\"line\" d=\"" << line.str() << "\"/>"
      << marks.str() << "</g>\n";
}

}  // namespace

std::string round_plot(const Comparison& comparison,
                       const ComparisonNetwork& network,
                       const SeriesTable& series) {
  if (comparison.rounds.size() < 2) {
    return "";
  }
  std::vector<MeanSd> values;
  for (const ComparisonRow& row : network.rows) {
    for (const auto& round : row.rounds) {
      if (round) {
        values.push_back(*round);
      }
    }
  }
  if (values.empty()) {
    return "";
  }
  ChartAxes axes;
  axes.width = 1040;
  axes.height = 330;
  axes.right = 24;
  axes.fit_shares(values);
  axes.low_x = static_cast<double>(comparison.rounds.front()) - 0.25;
  axes.high_x = static_cast<double>(comparison.rounds.back()) + 0.25;
  std::ostringstream svg;
  svg << "<svg class=\"plot\" role=\"img\" aria-label=\"Accuracy per round, one line per method\" "
         "viewBox=\"0 0 "
      << axes.width << " " << axes.height << "\">\n";
  std::vector<double> ticks;
  ticks.reserve(comparison.rounds.size());
  for (const std::size_t round : comparison.rounds) {
    ticks.push_back(static_cast<double>(round));
  }
  draw_axes(svg, axes, ticks, "round");
  for (const ComparisonRow& row : network.rows) {
    draw_row(svg, axes, comparison, row, series.number_of(row.label));
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
