// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_scatter.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "zoa/eval/chart_axes.h"
#include "zoa/eval/comparison_table.h"
#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

constexpr double kCharacterWidth = 6.1;
constexpr double kTextHeight = 12;

struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

// Where a label may stand, seen from its marker.
struct Place {
  double dx;
  double dy;
  int anchor;  // -1: text begins here, 0: centred, 1: text ends here
};
constexpr Place kPlaces[] = {
    {9, 4, -1},    {-9, 4, 1},   {0, -10, 0},   {0, 19, 0},   {8, -7, -1},   {-8, -7, 1},
    {8, 15, -1},   {-8, 15, 1},  {0, -22, 0},   {0, 31, 0},   {18, -18, -1}, {18, 26, -1},
    {-18, -18, 1}, {-18, 26, 1}, {-26, -30, 1}, {-26, 38, 1}, {26, -30, -1}, {26, 38, -1}};

Box box_at(double x, double y, const Place& place, std::size_t characters) {
  const double width = kCharacterWidth * static_cast<double>(characters);
  const double left = x + place.dx - width * (place.anchor + 1) / 2;
  return {left, y + place.dy - kTextHeight + 2, left + width, y + place.dy + 3};
}

// Gives each label the place that hides least of what is there already.
class Labels {
 public:
  explicit Labels(const ChartAxes& axes) : axes_(axes) {}
  void block(double x, double y) { taken_.push_back({x - 6, y - 6, x + 6, y + 6}); }
  std::string place(double x, double y, const std::string& text);

 private:
  double hidden(const Box& box) const;

  const ChartAxes& axes_;
  std::vector<Box> taken_;
};

double Labels::hidden(const Box& box) const {
  double area = 0;
  for (const Box& other : taken_) {
    area += overlap(box, other);
  }
  const double outside =
      std::max(0.0, axes_.left + 2 - box.left) + std::max(0.0, box.right - axes_.width) +
      std::max(0.0, box.bottom - (axes_.height - axes_.below)) + std::max(0.0, -box.top);
  return area + outside * 100;
}

std::string Labels::place(double x, double y, const std::string& text) {
  const Place* best = kPlaces;
  double least = -1;
  for (const Place& place : kPlaces) {
    const double area = hidden(box_at(x, y, place, text.size()));
    if (least < 0 || area < least - 0.5) {
      least = area;
      best = &place;
    }
  }
  taken_.push_back(box_at(x, y, *best, text.size()));
  const char* anchor = best->anchor < 0 ? "start" : best->anchor > 0 ? "end" : "middle";
  std::string svg = "<text class=\"name\" text-anchor=\"" + std::string(anchor) + "\" x=\"" +
                    coordinate(x + best->dx) + "\" y=\"" + coordinate(y + best->dy) + "\">" +
                    escape_html(text) + "</text>";
  if (std::abs(best->dy) > 17) {
    svg += "<path class=\"lead\" d=\"M" + coordinate(x) + " " + coordinate(y) + "L" +
           coordinate(x + best->dx) + " " + coordinate(y + best->dy - (best->dy > 0 ? 10 : -2)) +
           "\"/>";
  }
  return svg;
}

bool is_drawn(const ComparisonRow& row, double cost) {
  return row.top1.has_value() && cost > 0;
}

ChartAxes make_axes(const std::vector<ComparisonRow>& rows, const std::vector<double>& cost) {
  std::vector<MeanSd> values;
  std::vector<double> costs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_drawn(rows[i], cost[i])) {
      values.push_back(*rows[i].top1);
      costs.push_back(cost[i]);
    }
  }
  ChartAxes axes;
  if (!costs.empty()) {
    axes.fit_shares(values);
    axes.fit_costs(costs);
  }
  return axes;
}

void draw_pareto(std::ostream& svg,
                 const ChartAxes& axes,
                 const std::vector<ComparisonRow>& rows,
                 const std::vector<double>& cost) {
  const std::vector<std::size_t> best = pareto_rows(rows, cost);
  svg << "<path class=\"pareto\" d=\"";
  for (std::size_t i = 0; i < best.size(); ++i) {
    const std::string x = coordinate(axes.x(cost[best[i]]));
    const std::string y = coordinate(axes.y(rows[best[i]].top1->mean));
    svg << (i == 0 ? "M" + x + " " + y : "H" + x + "V" + y);
  }
  svg << "H" << coordinate(axes.width - axes.right) << "\"/>\n";
}

}  // namespace

std::vector<std::size_t> pareto_rows(const std::vector<ComparisonRow>& rows,
                                     const std::vector<double>& cost) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_drawn(rows[i], cost[i])) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return cost[a] != cost[b] ? cost[a] < cost[b] : rows[a].top1->mean > rows[b].top1->mean;
  });
  std::vector<std::size_t> best;
  for (const std::size_t row : order) {
    if (best.empty() || rows[row].top1->mean > rows[best.back()].top1->mean) {
      best.push_back(row);
    }
  }
  return best;
}

std::string cost_plot(const ComparisonNetwork& network,
                      const std::vector<double>& cost,
                      const std::string& title,
                      const SeriesTable& series) {
  const std::vector<ComparisonRow>& rows = network.rows;
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    drawn += is_drawn(rows[i], cost[i]) ? 1 : 0;
  }
  if (drawn < 2) {
    return "";
  }
  const ChartAxes axes = make_axes(rows, cost);
  std::ostringstream svg;
  svg << "<svg class=\"half\" role=\"img\" aria-label=\"Accuracy against " << escape_html(title)
      << "\" viewBox=\"0 0 " << axes.width << " " << axes.height << "\">\n";
  draw_axes(svg, axes, cost_ticks(axes), title + (axes.log_x ? " (log scale)" : ""));
  draw_pareto(svg, axes, rows, cost);
  Labels labels(axes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_drawn(rows[i], cost[i])) {
      labels.block(axes.x(cost[i]), axes.y(rows[i].top1->mean));
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_drawn(rows[i], cost[i])) {
      continue;
    }
    const std::size_t number = series.number_of(rows[i].label);
    const double x = axes.x(cost[i]);
    const double y = axes.y(rows[i].top1->mean);
    svg << "<g class=\"" << series_class(number) << "\"><title>" << escape_html(rows[i].label)
        << ": " << spread_text(rows[i].top1, 100, 1) << " %, " << escape_html(title) << " "
        << coordinate(cost[i]) << "</title>" << error_bar(axes, x, *rows[i].top1)
        << labels.place(x, y, rows[i].label) << marker_path(number, x, y) << "</g>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
