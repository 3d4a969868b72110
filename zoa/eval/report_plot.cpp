// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_plot.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/eval/html.h"
#include "zoa/eval/stream_frame.h"
#include "zoa/eval/table.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMostDots = 1500;        // of a method
constexpr std::size_t kMostDottedMethods = 4;  // with more of them dots only blur the lines
constexpr std::size_t kMostSegments = 48;      // domains in the stream
constexpr double kLaneGap = 9;                 // below the axis
constexpr std::size_t kMostPoints = 1200;
constexpr std::ptrdiff_t kMostTriangles = 60;
constexpr double kLane = 15;  // height of what happened to a bank

// The line of a method.
struct Line {
  std::string label;
  std::size_t number = 0;  // of the series
  std::vector<PlotPoint> points;
};

// Scale of the accuracy.
struct Shares {
  double low = 0;
  double high = 1;
};

Shares find_range(const std::vector<Line>& lines, bool dots) {
  double low = 1;
  double high = 0;
  for (const Line& line : lines) {
    for (const PlotPoint& point : line.points) {
      low = std::min(low, dots ? point.raw : point.value);
      high = std::max(high, dots ? point.raw : point.value);
    }
  }
  Shares range{std::max(0.0, std::floor(low * 10 - 0.2) / 10),
               std::min(1.0, std::ceil(high * 10 + 0.2) / 10)};
  if (range.high - range.low < 0.2) {
    range.low = std::max(0.0, range.high - 0.2);
  }
  return range;
}

double y_of(const StreamFrame& frame, const Shares& range, double share) {
  return frame.top + frame.height * (1 - (share - range.low) / (range.high - range.low));
}

void draw_axes(std::ostream& svg, const StreamFrame& frame, const Shares& range) {
  const std::string right = coordinate(kPlotWidth - frame.right);
  for (const double tick : nice_ticks(range.low * 100, range.high * 100, 5)) {
    const double y = y_of(frame, range, tick / 100);
    svg << "<line class=\"grid\" x1=\"" << frame.left << "\" x2=\"" << right << "\" y1=\""
        << coordinate(y) << "\" y2=\"" << coordinate(y) << "\"/><text text-anchor=\"end\" x=\""
        << frame.left - 8 << "\" y=\"" << coordinate(y + 4) << "\">" << coordinate(tick)
        << "</text>\n";
  }
  const std::string bottom = coordinate(frame.bottom());
  const std::string middle = coordinate(frame.top + frame.height / 2);
  svg << "<line class=\"axis\" x1=\"" << frame.left << "\" x2=\"" << right << "\" y1=\"" << bottom
      << "\" y2=\"" << bottom << "\"/><text text-anchor=\"middle\" transform=\"rotate(-90 13 "
      << middle << ")\" x=\"13\" y=\"" << middle << "\">top-1 accuracy, %</text>\n";
}

void draw_dots(std::ostream& svg, const StreamFrame& frame, const Shares& range, const Line& line) {
  svg << "<g class=\"dots\">";
  for (const PlotPoint& point : line.points) {
    svg << "<circle r=\"2.2\" cx=\"" << coordinate(frame.x(point.images)) << "\" cy=\""
        << coordinate(y_of(frame, range, point.raw)) << "\"><title>" << escape_html(line.label)
        << ", " << escape_html(point.record->domain) << ", batch " << point.record->step << ": "
        << percent_text(point.raw) << " %</title></circle>";
  }
  svg << "</g>\n";
}

bool is_long(const Line& line) {
  return !line.points.empty() && line.points.back().segment > kMostSegments;
}

// A gap where the domain changes; a thin line without gaps where there would be too many of them.
void draw_line(std::ostream& svg, const StreamFrame& frame, const Shares& range, const Line& line) {
  const std::vector<PlotPoint>& points = line.points;
  const std::size_t stride = 1 + points.size() / kMostPoints;
  const bool joined = is_long(line);
  svg << "<path class=\"line" << (joined ? " thin" : "") << "\" d=\"";
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool first = i == 0 || (!joined && points[i].segment != points[i - 1].segment);
    if (first || i % stride == 0) {
      svg << (first ? "M" : "L") << coordinate(frame.x(points[i].images)) << " "
          << coordinate(y_of(frame, range, points[i].value));
    }
    const bool last = i + 1 == points.size() || points[i + 1].segment != points[i].segment;
    if (first && last) {
      svg << "h.01";  // a domain of one batch: a dot
    }
  }
  svg << "\"><title>" << escape_html(line.label) << "</title></path>\n";
}

bool has_events(const Line& line) {
  return std::any_of(line.points.begin(), line.points.end(), [](const PlotPoint& point) {
    return point.record->changed || point.record->removed_entry;
  });
}

// A triangle for a change of domain that was seen, a cross for an entry that the bank gave up.
// Where there are many, short strokes above and below.
void draw_lane(std::ostream& svg, const StreamFrame& frame, const Line& line, double top) {
  svg << "<g class=\"" << series_class(line.number) << " l" << line.number
      << "\"><text text-anchor=\"end\" x=\"" << frame.left - 8 << "\" y=\"" << coordinate(top + 11)
      << "\">" << escape_html(line.label.substr(0, 8)) << "</text>";
  const bool many = std::count_if(line.points.begin(), line.points.end(), [](const PlotPoint& p) {
                      return p.record->changed;
                    }) > kMostTriangles;
  const auto mark = [&](double x, double y, const char* shape, const std::string& title) {
    svg << "<path class=\"" << (many || shape[0] == 'l' ? "cross" : "mark") << "\" d=\"M"
        << coordinate(x) << " " << coordinate(top + y) << shape << "\"><title>" << title
        << "</title></path>";
  };
  for (const PlotPoint& point : line.points) {
    const double x = frame.x(point.images);
    const std::string step = std::to_string(point.record->step);
    if (point.record->changed) {
      mark(x, many ? 2 : 3, many ? "v5" : "m0 0l4 8h-8z",
           "change of domain seen at batch " + step + ", then " +
               std::to_string(point.record->bank_entries) + " entries");
    }
    if (const std::optional<std::size_t>& entry = point.record->removed_entry) {
      mark(many ? x : x + 7, many ? 8 : 4, many ? "v5" : "l6 6m0 -6l-6 6",
           "entry " + std::to_string(*entry) + " given up at batch " + step);
    }
  }
  svg << "</g>\n";
}

}  // namespace

std::size_t smoothing_window(const Run& run) {
  const std::size_t methods = std::max<std::size_t>(1, run.summaries.size());
  const std::size_t batches = run.batches.size() / methods;
  return std::max<std::size_t>(5, batches / 200 * 2 + 1);
}

std::vector<PlotPoint> smooth_points(const Run& run,
                                     const std::string& method,
                                     std::size_t window) {
  std::vector<PlotPoint> points;
  double images = 0;
  const BatchRecord* before = nullptr;
  std::size_t segment = 0;
  for (const BatchRecord& record : run.batches) {
    if (record.method != method || record.count == 0) {
      continue;
    }
    if (before != nullptr && (before->domain != record.domain || before->round != record.round)) {
      ++segment;
    }
    before = &record;
    if (record.correct && record.labeled > 0) {
      const double raw = static_cast<double>(*record.correct) / static_cast<double>(record.labeled);
      points.push_back({images + static_cast<double>(record.count) / 2, 0, raw, segment, &record});
    }
    images += static_cast<double>(record.count);
  }
  const std::size_t half = window / 2;
  for (std::size_t i = 0; i < points.size(); ++i) {
    double sum = 0;
    double weight = 0;
    for (std::size_t j = i - std::min(i, half); j < std::min(points.size(), i + half + 1); ++j) {
      if (points[j].segment == points[i].segment) {
        const auto labeled = static_cast<double>(points[j].record->labeled);
        sum += points[j].raw * labeled;
        weight += labeled;
      }
    }
    points[i].value = sum / weight;
  }
  return points;
}

std::string stream_plot(const Run& run, const SeriesTable& series) {
  std::vector<Line> lines;
  bool any = false;
  std::size_t lanes = 0;
  for (const MethodSummary& method : run.summaries) {
    lines.push_back({method.method, series.number_of(method.method),
                     smooth_points(run, method.method, smoothing_window(run))});
    any = any || !lines.back().points.empty();
    lanes += has_events(lines.back()) ? 1 : 0;
  }
  if (!any) {
    return "";
  }
  const std::vector<StreamBand> bands = find_bands(run);
  const StreamFrame frame = make_frame(bands, 52, 290);
  const bool dots = lines.size() <= kMostDottedMethods && !is_long(lines.front());
  const Shares range = find_range(lines, dots);
  const double below = lanes > 0 ? kLaneGap + static_cast<double>(lanes) * kLane : 0;
  std::ostringstream svg;
  svg << "<svg class=\"plot\" role=\"img\" aria-label=\"Accuracy over the stream, one line per "
         "method\" viewBox=\"0 0 "
      << kPlotWidth << " " << coordinate(frame.bottom() + below + 46) << "\">\n";
  draw_bands(svg, frame, bands);
  draw_axes(svg, frame, range);
  double lane = frame.bottom() + kLaneGap;
  for (const Line& line : lines) {
    svg << "<g class=\"" << series_class(line.number) << " l" << line.number << "\">";
    if (dots && line.points.size() <= kMostDots) {
      draw_dots(svg, frame, range, line);
    }
    draw_line(svg, frame, range, line);
    svg << "</g>\n";
    if (has_events(line)) {
      draw_lane(svg, frame, line, lane);
      lane += kLane;
    }
  }
  draw_image_axis(svg, frame, below);
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
