// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_scatter.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

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

// A row that has both numbers.
struct Point {
  std::size_t row = 0;
  double cost = 0;
  MeanSd top1;
};

std::vector<Point> find_points(const std::vector<ComparisonRow>& rows,
                               const std::vector<double>& cost) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::optional<MeanSd>& top1 = rows[i].top1;
    if (top1 && cost[i] > 0) {
      points.push_back({i, cost[i], *top1});
    }
  }
  return points;
}

// Those that no other one beats, the cheapest first.
std::vector<Point> pareto_points(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tuple(a.cost, -a.top1.mean, a.row) < std::tuple(b.cost, -b.top1.mean, b.row);
  });
  std::vector<Point> best;
  for (const Point& point : points) {
    if (best.empty() || point.top1.mean > best.back().top1.mean) {
      best.push_back(point);
    }
  }
  return best;
}

ChartAxes make_axes(const std::vector<Point>& points) {
  std::vector<MeanSd> values;
  std::vector<double> costs;
  values.reserve(points.size());
  costs.reserve(points.size());
  for (const Point& point : points) {
    values.push_back(point.top1);
    costs.push_back(point.cost);
  }
  ChartAxes axes;
  axes.fit_shares(values);
  axes.fit_costs(costs);
  return axes;
}

void draw_pareto(std::ostream& svg, const ChartAxes& axes, const std::vector<Point>& points) {
  svg << "<path class=\"pareto\" d=\"";
  bool first = true;
  for (const Point& point : pareto_points(points)) {
    const std::string x = coordinate(axes.x(point.cost));
    const std::string y = coordinate(axes.y(point.top1.mean));
    svg << (first ? "M" + x + " " + y : "H" + x + "V" + y);
    first = false;
  }
  svg << "H" << coordinate(axes.width - axes.right) << "\"/>\n";
}

}  // namespace

std::vector<std::size_t> pareto_rows(const std::vector<ComparisonRow>& rows,
                                     const std::vector<double>& cost) {
  std::vector<std::size_t> best;
  for (const Point& point : pareto_points(find_points(rows, cost))) {
    best.push_back(point.row);
  }
  return best;
}

std::string cost_plot(const ComparisonNetwork& network,
                      const std::vector<double>& cost,
                      const std::string& title,
                      const SeriesTable& series) {
  const std::vector<Point> points = find_points(network.rows, cost);
  if (points.size() < 2) {
    return "";
  }
  const ChartAxes axes = make_axes(points);
  std::ostringstream svg;
  svg << "<svg class=\"half\" role=\"img\" aria-label=\"Accuracy against " << escape_html(title)
      << "\" viewBox=\"0 0 " << axes.width << " " << axes.height << "\">\n";
  draw_axes(svg, axes, cost_ticks(axes), title + (axes.log_x ? " (log scale)" : ""));
  draw_pareto(svg, axes, points);
  Labels labels(axes);
  for (const Point& point : points) {
    labels.block(axes.x(point.cost), axes.y(point.top1.mean));
  }
  for (const Point& point : points) {
    const std::string& label = network.rows[point.row].label;
    const std::size_t number = series.number_of(label);
    const double x = axes.x(point.cost);
    const double y = axes.y(point.top1.mean);
    svg << "<g class=\"" << series_class(number) << "\"><title>" << escape_html(label) << ": "
        << spread_text(point.top1, 100, 1) << " %, " << escape_html(title) << " "
        << coordinate(point.cost) << "</title>" << error_bar(axes, x, point.top1)
        << labels.place(x, y, label) << marker_path(number, x, y) << "</g>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
