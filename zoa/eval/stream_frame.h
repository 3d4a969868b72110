// SPDX-License-Identifier: Apache-2.0
// What plots over the stream have in common: the axis of images and the bands of domains. Private
// to the report.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "zoa/eval/record.h"

namespace zoa::detail {

inline constexpr double kPlotWidth = 1040;
inline constexpr double kCharacter = 6.3;  ///< mean width at the plots' font size

/// A domain in the stream, or a round where there are too many domains to name.
struct StreamBand {
  std::string name;
  double begin = 0;  ///< images
  double end = 0;
};

/// Of the method that came farthest.
std::vector<StreamBand> find_bands(const Run& run);

struct StreamFrame {
  double left = 52;
  double right = 16;
  double top = 0;
  double height = 270;
  double most_images = 1;
  bool tilted = false;  ///< names of bands
  double x(double images) const {
    return left + (kPlotWidth - left - right) * images / most_images;
  }
  double bottom() const { return top + height; }
};

/// Room for the names of the bands; they are tilted where they do not fit.
StreamFrame make_frame(const std::vector<StreamBand>& bands, double left, double height);

void draw_bands(std::ostream& svg, const StreamFrame& frame, const std::vector<StreamBand>& bands);

/// Ticks and "images seen", so far below the frame.
void draw_image_axis(std::ostream& svg, const StreamFrame& frame, double below);

}  // namespace zoa::detail
