// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_plot.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/eval/html.h"
#include "zoa/eval/table.h"

namespace zoa::detail {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = 52;
constexpr double kPlotHeight = 270;
constexpr double kCharacter = 6.3;  // mean width at the plot's font size
constexpr std::size_t kMostDots = 1500;
constexpr std::size_t kMostPoints = 1200;
constexpr std::size_t kMostBands = 24;

struct Band {
  std::string name;
  double begin = 0;  // images
  double end = 0;
};

struct Frame {
  double top = 0;
  double right = 0;
  double most_images = 1;
  double low = 0;
  double high = 1;
  bool tilted = false;
  double x(double images) const { return kLeft + (kWidth - kLeft - right) * images / most_images; }
  double y(double share) const { return top + kPlotHeight * (1 - (share - low) / (high - low)); }
  double bottom() const { return top + kPlotHeight; }
};

// Of the method that came farthest. Many domains are shown by rounds.
std::vector<Band> find_bands(const Run& run, bool by_round) {
  std::vector<Band> longest;
  for (const MethodFacts& method : run.header.methods) {
    std::vector<Band> bands;
    std::string key;
    double images = 0;
    for (const BatchRecord& record : run.batches) {
      if (record.method != method.name || record.count == 0) {
        continue;
      }
      const std::string round = "round " + std::to_string(record.round);
      const std::string present = by_round ? round : record.domain + "\n" + round;
      if (bands.empty() || present != key) {
        bands.push_back({by_round ? round : record.domain, images, images});
        key = present;
      }
      images += static_cast<double>(record.count);
      bands.back().end = images;
    }
    if (!bands.empty() && (longest.empty() || bands.back().end > longest.back().end)) {
      longest = std::move(bands);
    }
  }
  return longest;
}

Frame make_frame(const std::vector<Band>& bands,
                 const std::vector<std::vector<PlotPoint>>& series) {
  Frame frame;
  frame.most_images = std::max(1.0, bands.back().end);
  frame.right = 16;
  std::size_t longest = 0;
  for (const Band& band : bands) {
    const double room = frame.x(band.end) - frame.x(band.begin);
    longest = std::max(longest, band.name.size());
    frame.tilted = frame.tilted || static_cast<double>(band.name.size()) * kCharacter > room - 6;
  }
  frame.top = frame.tilted
                  ? 44 + 0.5 * kCharacter * static_cast<double>(std::min<std::size_t>(longest, 24))
                  : 56;
  frame.right = frame.tilted ? 64 : 16;
  double low = 1;
  double high = 0;
  for (const auto& points : series) {
    for (const PlotPoint& point : points) {
      low = std::min(low, point.raw);
      high = std::max(high, point.raw);
    }
  }
  frame.low = std::max(0.0, std::floor(low * 10 - 0.2) / 10);
  frame.high = std::min(1.0, std::ceil(high * 10 + 0.2) / 10);
  if (frame.high - frame.low < 0.2) {
    frame.low = std::max(0.0, frame.high - 0.2);
  }
  return frame;
}

void draw_bands(std::ostream& svg, const Frame& frame, const std::vector<Band>& bands) {
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const double left = frame.x(bands[i].begin);
    const double width = frame.x(bands[i].end) - left;
    if (i % 2 == 0) {
      svg << "<rect class=\"band\" x=\"" << coordinate(left) << "\" y=\"" << coordinate(frame.top)
          << "\" width=\"" << coordinate(width) << "\" height=\"" << coordinate(kPlotHeight)
          << "\"/>";
    }
    std::string name = bands[i].name;
    if (name.size() > 26) {
      name = name.substr(0, 24) + "..";
    }
    const std::string x = coordinate(left + width / 2);
    const std::string y = coordinate(frame.top - 8);
    svg << "<text x=\"" << x << "\" y=\"" << y << "\"";
    if (frame.tilted) {
      svg << " transform=\"rotate(-32 " << x << " " << y << ")\"";
    } else {
      svg << " text-anchor=\"middle\"";
    }
    svg << ">" << escape_html(name) << "</text>\n";
  }
}

void draw_axes(std::ostream& svg, const Frame& frame) {
  for (const double tick : nice_ticks(frame.low * 100, frame.high * 100, 5)) {
    const std::string y = coordinate(frame.y(tick / 100));
    svg << "<line class=\"grid\" x1=\"" << kLeft << "\" x2=\"" << coordinate(kWidth - frame.right)
        << "\" y1=\"" << y << "\" y2=\"" << y << "\"/><text text-anchor=\"end\" x=\"" << kLeft - 8
        << "\" y=\"" << coordinate(frame.y(tick / 100) + 4) << "\">" << coordinate(tick)
        << "</text>\n";
  }
  const std::string bottom = coordinate(frame.bottom());
  svg << "<line class=\"axis\" x1=\"" << kLeft << "\" x2=\"" << coordinate(kWidth - frame.right)
      << "\" y1=\"" << bottom << "\" y2=\"" << bottom << "\"/>\n";
  for (const double tick : nice_ticks(0, frame.most_images, 8)) {
    svg << "<text text-anchor=\"middle\" x=\"" << coordinate(frame.x(tick)) << "\" y=\""
        << coordinate(frame.bottom() + 18) << "\">" << coordinate(tick) << "</text>";
  }
  const double middle = frame.top + kPlotHeight / 2;
  svg << "\n<text text-anchor=\"middle\" x=\"" << coordinate((kLeft + kWidth - frame.right) / 2)
      << "\" y=\"" << coordinate(frame.bottom() + 38) << "\">images seen</text>"
      << "<text text-anchor=\"middle\" transform=\"rotate(-90 13 " << coordinate(middle)
      << ")\" x=\"13\" y=\"" << coordinate(middle) << "\">top-1 accuracy, %</text>\n";
}

void draw_series(std::ostream& svg,
                 const Frame& frame,
                 const std::vector<PlotPoint>& points,
                 std::size_t number) {
  if (points.size() <= kMostDots) {
    svg << "<g class=\"dots f" << number << "\">";
    for (const PlotPoint& point : points) {
      svg << "<circle r=\"2.2\" cx=\"" << coordinate(frame.x(point.images)) << "\" cy=\""
          << coordinate(frame.y(point.raw)) << "\"><title>" << escape_html(point.record->method)
          << ", " << escape_html(point.record->domain) << ", batch " << point.record->step << ": "
          << percent_text(point.raw) << " %</title></circle>";
    }
    svg << "</g>\n";
  }
  const std::size_t stride = 1 + points.size() / kMostPoints;
  svg << "<path class=\"s" << number << "\" d=\"";
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool first = i == 0 || points[i].segment != points[i - 1].segment;
    if (first || i % stride == 0) {
      svg << (first ? "M" : "L") << coordinate(frame.x(points[i].images)) << " "
          << coordinate(frame.y(points[i].value));
    }
  }
  svg << "\"/>\n";
}

void draw_changes(std::ostream& svg,
                  const Frame& frame,
                  const std::vector<PlotPoint>& points,
                  std::size_t number) {
  for (const PlotPoint& point : points) {
    if (point.record->changed) {
      const double x = frame.x(point.images);
      svg << "<path class=\"s" << number << "\" d=\"M" << coordinate(x) << " "
          << coordinate(frame.bottom()) << "v-12\"><title>change of domain seen at batch "
          << point.record->step << "</title></path>";
    }
  }
}

void draw_legend(std::ostream& svg, const Run& run, bool changes) {
  double x = kLeft;
  svg << "<g class=\"legend\">";
  const auto add = [&](const std::string& mark, const std::string& text) {
    svg << "<g transform=\"translate(" << coordinate(x) << " 14)\">" << mark
        << "<text x=\"28\" y=\"4\">" << escape_html(text) << "</text></g>";
    x += 28 + kCharacter * static_cast<double>(text.size()) + 28;
  };
  for (const MethodSummary& method : run.summaries) {
    const std::string number = std::to_string(series_of(run, method.method));
    const std::string text = method.method == "noadapt" ? "noadapt: as shipped" : method.method;
    add("<path class=\"s" + number + "\" d=\"M0 0h20\"/>", text);
  }
  if (changes) {
    add("<path class=\"s1\" d=\"M10 6v-12\"/>", "change of domain detected");
  }
  svg << "</g>\n";
}

}  // namespace

std::size_t series_of(const Run& run, const std::string& method) {
  if (method == "noadapt") {
    return 0;
  }
  std::size_t number = 1;
  for (const MethodFacts& facts : run.header.methods) {
    if (facts.name == method) {
      break;
    }
    number += facts.name == "noadapt" ? 0 : 1;
  }
  return 1 + (number - 1) % 5;
}

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

std::string stream_plot(const Run& run) {
  std::vector<std::vector<PlotPoint>> series;
  bool any = false;
  bool changes = false;
  for (const MethodSummary& method : run.summaries) {
    series.push_back(smooth_points(run, method.method, smoothing_window(run)));
    any = any || !series.back().empty();
    changes = changes || method.changes > 0;
  }
  if (!any) {
    return "";
  }
  std::vector<Band> bands = find_bands(run, false);
  if (bands.size() > kMostBands) {
    bands = find_bands(run, true);
  }
  const Frame frame = make_frame(bands, series);
  std::ostringstream svg;
  svg << "<svg class=\"plot\" role=\"img\" aria-label=\"Accuracy over the stream, one line per "
         "method\" viewBox=\"0 0 "
      << kWidth << " " << coordinate(frame.bottom() + 46) << "\">\n";
  draw_bands(svg, frame, bands);
  draw_axes(svg, frame);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::size_t number = series_of(run, run.summaries[i].method);
    draw_series(svg, frame, series[i], number);
    draw_changes(svg, frame, series[i], number);
  }
  draw_legend(svg, run, changes);
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
