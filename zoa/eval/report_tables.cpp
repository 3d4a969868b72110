// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "zoa/eval/comparison_table.h"
#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

// The number that a cell begins with.
std::optional<double> number_of(const std::string& cell) {
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  return end != cell.c_str() ? std::optional(value) : std::nullopt;
}

// What a table sorts a cell by, "" = comes last.
std::string sort_key(const std::string& cell) {
  const std::optional<double> value = number_of(cell);
  return value ? coordinate(*value * 1000) : "";
}

void write_head(std::ostream& page, const std::vector<std::string>& columns) {
  page << "<thead><tr>";
  for (const std::string& column : columns) {
    page << "<th scope=\"col\">" << escape_html(column) << "</th>";
  }
  page << "</tr></thead>\n<tbody>\n";
}

std::string row_head(const std::string& label, const SeriesTable& series) {
  const std::string name = label.substr(0, label.rfind(" (partial)"));
  return "<th scope=\"row\">" + swatch(series.number_of(name)) + escape_html(label) + "</th>";
}

std::string cell_html(const std::string& cell) {
  return cell == "-" ? "&ndash;" : number_html(escape_html(cell));
}

// The largest number of each column is set in bold, from column `first` on.
std::vector<double> column_bests(const Table& table, std::size_t first, std::size_t last) {
  std::vector<double> bests(table.columns.size(), INFINITY);
  for (std::size_t column = first; column < last; ++column) {
    double best = -INFINITY;
    for (const auto& row : table.rows) {
      best = std::max(best, number_of(row[column]).value_or(-INFINITY));
    }
    bests[column] = table.rows.size() > 1 ? best : INFINITY;
  }
  return bests;
}

bool is_best(const std::string& cell, double best) {
  return number_of(cell) == best;
}

// A table of methods; columns first..last hold accuracies.
void write_methods(std::ostream& page,
                   const Table& table,
                   const SeriesTable& series,
                   std::pair<std::size_t, std::size_t> accuracies) {
  const std::vector<double> bests = column_bests(table, accuracies.first, accuracies.second);
  page << "<div class=\"scroll\"><table class=\"sortable methods\">\n";
  write_head(page, table.columns);
  for (const auto& row : table.rows) {
    page << "<tr>" << row_head(row.front(), series);
    for (std::size_t i = 1; i < row.size(); ++i) {
      const bool best = is_best(row[i], bests[i]);
      const char* style = table.columns[i] != "gain"              ? ""
                          : row[i][0] == '+'                      ? " class=\"up\""
                          : row[i][0] == '-' && row[i].size() > 1 ? " class=\"down\""
                                                                  : "";
      page << "<td" << style << " data-k=\"" << sort_key(row[i]) << "\">" << (best ? "<b>" : "")
           << cell_html(row[i]) << (best ? "</b>" : "") << "</td>";
    }
    page << "</tr>\n";
  }
  page << "</tbody></table></div>\n";
}

}  // namespace

void write_matrix(std::ostream& page, const Comparison& comparison, const SeriesTable& series) {
  if (comparison.networks.size() < 2) {
    return;
  }
  const Table table = results_table(comparison);
  page << "<h3>Top-1 accuracy of all networks, in percent</h3>\n";
  write_methods(page, table, series, {2, table.columns.size()});
}

void write_figures(std::ostream& page,
                   const ComparisonNetwork& network,
                   const SeriesTable& series) {
  const Table table = figures_table(network);
  page << "<h3>Accuracy and cost</h3>\n";
  write_methods(page, table, series, {1, 2});
}

void write_rounds(std::ostream& page,
                  const Comparison& comparison,
                  const ComparisonNetwork& network,
                  const SeriesTable& series) {
  if (comparison.rounds.size() < 2) {
    return;
  }
  const Table table = round_table(comparison, network);
  page << "<details><summary>Numbers of each round</summary>\n";
  write_methods(page, table, series, {1, table.columns.size()});
  page << "</details>\n";
}

}  // namespace zoa::detail
