// SPDX-License-Identifier: Apache-2.0
// Accuracy per domain, with bars.
#include <algorithm>
#include <cmath>
#include <ostream>

#include "zoa/eval/comparison_table.h"
#include "zoa/eval/html.h"
#include "zoa/eval/report_tables.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMostWideMethods = 3;

using Value = std::optional<MeanSd>;

std::optional<double> gain_of(const Value& value, const Value& base) {
  return value && base ? std::optional(value->mean - base->mean) : std::nullopt;
}

const char* sign_class(double difference) {
  const double rounded = std::round(difference * 1000);
  return rounded > 0 ? "up" : rounded < 0 ? "down" : "";
}

// Where zero lies: bars of losses go to the left of it, bars of gains to the right.
struct BarScale {
  double low = 0;   // largest loss, not above 0
  double high = 0;  // largest gain
  double largest() const { return std::max(-low, high); }
  double place(double difference) const {
    return high > low ? (difference - low) / (high - low) : 0;
  }
};

BarScale find_scale(const ComparisonNetwork& network) {
  BarScale scale;
  const ComparisonRow& base = baseline_row(network);
  for (const ComparisonRow& row : network.rows) {
    for (std::size_t i = 0; i < row.domains.size(); ++i) {
      const double gain = gain_of(row.domains[i], base.domains[i]).value_or(0);
      scale.low = std::min(scale.low, gain);
      scale.high = std::max(scale.high, gain);
    }
  }
  return scale;
}

std::string difference_bar(double difference, const BarScale& scale, double width, double height) {
  const double zero = 1 + (width - 2) * scale.place(0);
  const double end = 1 + (width - 2) * scale.place(difference);
  return "<svg class=\"bar\" viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) +
         "\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"" +
         std::string(sign_class(difference)) + "\" x=\"" + coordinate(std::min(zero, end)) +
         "\" y=\"" + coordinate(height * 0.15) + "\" width=\"" + coordinate(std::abs(end - zero)) +
         "\" height=\"" + coordinate(height * 0.7) + "\"/><line class=\"zero\" x1=\"" +
         coordinate(zero) + "\" x2=\"" + coordinate(zero) + "\" y1=\"0\" y2=\"" +
         coordinate(height) + "\"/></svg>";
}

std::string value_html(const Value& value) {
  return value ? spread_text(value, 100, 1) : "&ndash;";
}

void write_domain_row(std::ostream& page,
                      const std::string& name,
                      const std::vector<Value>& values,
                      const BarScale& scale) {
  page << "<th scope=\"row\">" << escape_html(name) << "</th>";
  for (const Value& value : values) {
    page << "<td>" << value_html(value) << "</td>";
  }
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::optional<double> gain = gain_of(values[i], values.front());
    page << "<td class=\"" << (gain ? sign_class(*gain) : "") << "\">"
         << (gain ? number_html(points_text(*gain)) : "&ndash;") << "</td><td class=\"bar\">"
         << (gain ? difference_bar(*gain, scale, 140, 14) : "") << "</td>";
  }
  page << "</tr>\n";
}

void write_tall(std::ostream& page,
                const Comparison& comparison,
                const ComparisonNetwork& network,
                const SeriesTable& series) {
  page << "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">domain</th>";
  for (const ComparisonRow& row : network.rows) {
    page << "<th scope=\"col\">" << swatch(series.number_of(row.label)) << escape_html(row.label)
         << "</th>";
  }
  for (std::size_t i = 1; i < network.rows.size(); ++i) {
    page << "<th scope=\"col\">"
         << (network.rows.size() == 2 ? "difference"
                                      : "difference, " + escape_html(network.rows[i].label))
         << "</th><th class=\"bar\"></th>";
  }
  page << "</tr></thead>\n<tbody>\n";
  const BarScale scale = find_scale(network);
  for (std::size_t domain = 0; domain < comparison.domains.size(); ++domain) {
    std::vector<Value> values;
    values.reserve(network.rows.size());
    for (const ComparisonRow& row : network.rows) {
      values.push_back(row.domains[domain]);
    }
    page << "<tr>";
    write_domain_row(page, comparison.domains[domain], values, scale);
  }
  std::vector<Value> means;
  means.reserve(network.rows.size());
  for (const ComparisonRow& row : network.rows) {
    means.push_back(row.top1);
  }
  page << "<tr class=\"mean\">";
  write_domain_row(page, "mean", means, scale);
  page << "</tbody></table></div>\n";
}

std::string short_value(const Value& value) {
  return value ? fixed_text(value->mean * 100, 1) : "&ndash;";
}

void write_cell(
    std::ostream& page, const Value& value, const Value& base, const BarScale& scale, bool best) {
  const std::optional<double> gain = gain_of(value, base);
  page << "<td data-k=\"" << (value ? coordinate(value->mean * 1e5) : "") << "\" title=\""
       << (value ? spread_text(value, 100, 2) + " %" : "")
       << (gain ? ", " + points_text(*gain) + " points" : "") << "\">" << (best ? "<b>" : "")
       << short_value(value) << (best ? "</b>" : "")
       << (gain ? difference_bar(*gain, scale, 44, 5) : "") << "</td>";
}

bool is_best(const ComparisonNetwork& network, const Value& value, std::size_t domain) {
  return value &&
         std::none_of(network.rows.begin(), network.rows.end(), [&](const ComparisonRow& row) {
           const Value& other = domain < row.domains.size() ? row.domains[domain] : row.top1;
           return other && other->mean > value->mean;
         });
}

void write_wide(std::ostream& page,
                const Comparison& comparison,
                const ComparisonNetwork& network,
                const SeriesTable& series) {
  const std::size_t domains = comparison.domains.size();
  page << "<div class=\"scroll\"><table class=\"sortable wide\">\n<thead><tr><th "
          "scope=\"col\">method</th>";
  for (const std::string& domain : comparison.domains) {
    page << "<th scope=\"col\" class=\"slant\"><span>" << escape_html(domain) << "</span></th>";
  }
  page << "<th scope=\"col\" class=\"slant\"><span>mean</span></th></tr></thead>\n<tbody>\n";
  const BarScale scale = find_scale(network);
  const ComparisonRow& base = baseline_row(network);
  for (const ComparisonRow& row : network.rows) {
    page << "<tr><th scope=\"row\">" << swatch(series.number_of(row.label))
         << escape_html(row.label) << "</th>";
    for (std::size_t i = 0; i < domains; ++i) {
      write_cell(page, row.domains[i], base.domains[i], scale, is_best(network, row.domains[i], i));
    }
    write_cell(page, row.top1, base.top1, scale, is_best(network, row.top1, domains));
    page << "</tr>\n";
  }
  page << "</tbody></table></div>\n";
}

}  // namespace

void write_domains(std::ostream& page,
                   const Comparison& comparison,
                   const ComparisonNetwork& network,
                   const SeriesTable& series) {
  page << "<h3>Top-1 accuracy per domain, in percent</h3>\n";
  if (network.rows.size() <= kMostWideMethods) {
    write_tall(page, comparison, network, series);
  } else {
    write_wide(page, comparison, network, series);
  }
  if (network.rows.size() > 1) {
    page << "<p class=\"note\">Bars: points gained or lost against "
         << escape_html(baseline_row(network).label) << ", the longest "
         << fixed_text(find_scale(network).largest() * 100, 1) << " points.</p>\n";
  }
}

}  // namespace zoa::detail
