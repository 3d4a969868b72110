// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_series.h"

#include <algorithm>

#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kColours = 7;
constexpr std::size_t kDashes = 3;

// Outlines round (0, 0).
constexpr const char* kMarkers[] = {
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",                 // circle
    "m-4 -4h8v8h-8z",                                      // square
    "m0 -5l5 9h-10z",                                      // triangle
    "m0 -5.5l5 5.5l-5 5.5l-5 -5.5z",                       // diamond
    "m0 5l5 -9h-10z",                                      // triangle, point down
    "m-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",  // plus
    "m-5 -1l5 -4l5 4l-2 6h-6z",                            // pentagon
};
constexpr std::size_t kMarkerCount = sizeof(kMarkers) / sizeof(kMarkers[0]);

}  // namespace

SeriesTable::SeriesTable(const Comparison& comparison) : labels_(row_labels(comparison)) {
  const auto plain = std::find(labels_.begin(), labels_.end(), "noadapt");
  if (plain == labels_.end()) {
    labels_.insert(labels_.begin(), "noadapt");
  } else {
    std::rotate(labels_.begin(), plain, plain + 1);
  }
}

std::size_t SeriesTable::number_of(const std::string& label) const {
  return static_cast<std::size_t>(std::find(labels_.begin(), labels_.end(), label) -
                                  labels_.begin());
}

std::string series_class(std::size_t number) {
  if (number == 0) {
    return "c0";
  }
  const std::size_t dash = (number - 1) / kColours % kDashes;
  return "c" + std::to_string(1 + (number - 1) % kColours) +
         (dash > 0 ? " d" + std::to_string(dash) : "");
}

std::string marker_path(std::size_t number, double x, double y) {
  // Two series of one colour never have the same marker.
  const std::size_t shape = number == 0 ? 0 : (number - 1 + (number - 1) / kColours) % kMarkerCount;
  return "<path class=\"mark\" d=\"M" + coordinate(x) + " " + coordinate(y) + kMarkers[shape] +
         "\"/>";
}

std::string swatch(std::size_t number) {
  return "<svg class=\"swatch " + series_class(number) +
         "\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 6h28\"/>" +
         marker_path(number, 15, 6) + "</svg>";
}

std::string toggle_rules(std::size_t count) {
  std::string rules;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    rules += "section:has(.t" + number + ":not(:checked)) .l" + number + "{display:none}";
  }
  return rules + "\n";
}

}  // namespace zoa::detail
