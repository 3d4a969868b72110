// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/chart_axes.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

constexpr double kLogFrom = 6;  // ratio of the largest to the smallest cost

}  // namespace

double ChartAxes::x(double value) const {
  const auto place = [&](double v) { return log_x ? std::log(v) : v; };
  const double share = (place(value) - place(low_x)) / (place(high_x) - place(low_x));
  return left + (width - left - right) * share;
}

double ChartAxes::y(double share) const {
  return top + (height - top - below) * (1 - (share - low_y) / (high_y - low_y));
}

void ChartAxes::fit_shares(const std::vector<MeanSd>& values) {
  double low = 1;
  double high = 0;
  for (const MeanSd& value : values) {
    low = std::min(low, value.mean - value.sd.value_or(0));
    high = std::max(high, value.mean + value.sd.value_or(0));
  }
  const double margin = std::max(0.01, 0.08 * (high - low));
  low_y = std::max(0.0, low - margin);
  high_y = std::min(1.0, high + margin);
}

void ChartAxes::fit_costs(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  log_x = *least > 0 && *most / *least > kLogFrom;
  if (log_x) {
    const double margin = std::pow(*most / *least, 0.1);  // room for names
    low_x = *least / (margin * margin);
    high_x = *most * margin;
  } else {
    low_x = 0;
    high_x = *most > 0 ? *most * 1.12 : 1;
  }
}

std::vector<double> cost_ticks(const ChartAxes& axes) {
  if (!axes.log_x) {
    return nice_ticks(axes.low_x, axes.high_x, 6);
  }
  std::vector<double> ticks;
  for (int power = -3; power < 7; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double tick = digit * std::pow(10.0, power);
      if (tick >= axes.low_x && tick <= axes.high_x) {
        ticks.push_back(tick);
      }
    }
  }
  return ticks;
}

void draw_axes(std::ostream& svg,
               const ChartAxes& axes,
               const std::vector<double>& ticks,
               const std::string& title) {
  const std::string right = coordinate(axes.width - axes.right);
  const double bottom = axes.height - axes.below;
  for (const double tick : nice_ticks(axes.low_y * 100, axes.high_y * 100, 6)) {
    const double y = axes.y(tick / 100);
    svg << "<line class=\"grid\" x1=\"" << axes.left << "\" x2=\"" << right << "\" y1=\""
        << coordinate(y) << "\" y2=\"" << coordinate(y) << "\"/><text text-anchor=\"end\" x=\""
        << axes.left - 8 << "\" y=\"" << coordinate(y + 4) << "\">" << coordinate(tick)
        << "</text>\n";
  }
  for (const double tick : ticks) {
    const std::string x = coordinate(axes.x(tick));
    svg << "<line class=\"axis\" x1=\"" << x << "\" x2=\"" << x << "\" y1=\"" << coordinate(bottom)
        << "\" y2=\"" << coordinate(bottom + 4) << "\"/><text text-anchor=\"middle\" x=\"" << x
        << "\" y=\"" << coordinate(bottom + 18) << "\">" << coordinate(tick) << "</text>";
  }
  const std::string middle = coordinate((axes.top + bottom) / 2);
  svg << "\n<line class=\"axis\" x1=\"" << axes.left << "\" x2=\"" << right << "\" y1=\""
      << coordinate(bottom) << "\" y2=\"" << coordinate(bottom)
      << "\"/><text text-anchor=\"middle\" x=\""
      << coordinate((axes.left + axes.width - axes.right) / 2) << "\" y=\""
      << coordinate(bottom + 38) << "\">" << escape_html(title)
      << "</text><text text-anchor=\"middle\" transform=\"rotate(-90 13 " << middle
      << ")\" x=\"13\" y=\"" << middle << "\">top-1 accuracy, %</text>\n";
}

std::string error_bar(const ChartAxes& axes, double x, const MeanSd& value) {
  if (!value.sd) {
    return "";
  }
  return "<path class=\"spread\" d=\"M" + coordinate(x) + " " +
         coordinate(axes.y(value.mean - *value.sd)) + "V" +
         coordinate(axes.y(value.mean + *value.sd)) + "\"/>";
}

}  // namespace zoa::detail
