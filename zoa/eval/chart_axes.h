// SPDX-License-Identifier: Apache-2.0
// Axes of the plots with accuracy upwards and a number to the right. Private to the report.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "zoa/eval/metrics.h"

namespace zoa::detail {

struct ChartAxes {
  double width = 510;
  double height = 360;
  double left = 52;
  double right = 16;
  double top = 12;
  double below = 46;  ///< room for ticks and title
  double low_x = 0;
  double high_x = 1;
  bool log_x = false;
  double low_y = 0;  ///< shares
  double high_y = 1;

  double x(double value) const;
  double y(double share) const;
  /// Sets low_y and high_y so that the values with their spread fit.
  void fit_shares(const std::vector<MeanSd>& values);
  /// Sets low_x, high_x and log_x: logarithmic where the largest is more than 6 times the smallest.
  void fit_costs(const std::vector<double>& values);
};

/// Round numbers between low_x and high_x.
std::vector<double> cost_ticks(const ChartAxes& axes);

/// Grid, ticks, "top-1 accuracy, %" and the title of the other axis.
void draw_axes(std::ostream& svg,
               const ChartAxes& axes,
               const std::vector<double>& ticks,
               const std::string& title);

/// Mean +- standard deviation at x; "" for a single value.
std::string error_bar(const ChartAxes& axes, double x, const MeanSd& value);

}  // namespace zoa::detail
