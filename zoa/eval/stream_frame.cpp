// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/stream_frame.h"

#include <algorithm>
#include <ostream>

#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMostBands = 24;
constexpr std::size_t kMostNameCharacters = 26;

std::vector<StreamBand> bands_of(const Run& run, const std::string& method, bool by_round) {
  std::vector<StreamBand> bands;
  std::string key;
  double images = 0;
  for (const BatchRecord& record : run.batches) {
    if (record.method != method || record.count == 0) {
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
  return bands;
}

std::vector<StreamBand> longest_bands(const Run& run, bool by_round) {
  std::vector<StreamBand> longest;
  for (const MethodFacts& method : run.header.methods) {
    std::vector<StreamBand> bands = bands_of(run, method.name, by_round);
    if (!bands.empty() && (longest.empty() || bands.back().end > longest.back().end)) {
      longest = std::move(bands);
    }
  }
  return longest;
}

}  // namespace

std::vector<StreamBand> find_bands(const Run& run) {
  std::vector<StreamBand> bands = longest_bands(run, false);
  return bands.size() > kMostBands ? longest_bands(run, true) : bands;
}

StreamFrame make_frame(const std::vector<StreamBand>& bands, double left, double height) {
  StreamFrame frame;
  frame.left = left;
  frame.height = height;
  frame.most_images = std::max(1.0, bands.empty() ? 1.0 : bands.back().end);
  std::size_t longest = 0;
  for (const StreamBand& band : bands) {
    const double room = frame.x(band.end) - frame.x(band.begin);
    longest = std::max(longest, band.name.size());
    frame.tilted = frame.tilted || static_cast<double>(band.name.size()) * kCharacter > room - 6;
  }
  const auto shown = static_cast<double>(std::min<std::size_t>(longest, kMostNameCharacters));
  frame.top = frame.tilted ? 18 + 0.55 * kCharacter * shown : 24;
  if (frame.tilted) {
    const auto last = static_cast<double>(std::min(bands.back().name.size(), kMostNameCharacters));
    frame.right = std::max(16.0, 0.87 * kCharacter * last - 8);
  }
  return frame;
}

void draw_bands(std::ostream& svg, const StreamFrame& frame, const std::vector<StreamBand>& bands) {
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const double left = frame.x(bands[i].begin);
    const double width = frame.x(bands[i].end) - left;
    if (i % 2 == 0) {
      svg << "<rect class=\"band\" x=\"" << coordinate(left) << "\" y=\"" << coordinate(frame.top)
          << "\" width=\"" << coordinate(width) << "\" height=\"" << coordinate(frame.height)
          << "\"/>";
    }
    std::string name = bands[i].name;
    if (name.size() > kMostNameCharacters) {
      name = name.substr(0, kMostNameCharacters - 2) + "..";
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

void draw_image_axis(std::ostream& svg, const StreamFrame& frame, double below) {
  const double line = frame.bottom() + below;
  for (const double tick : nice_ticks(0, frame.most_images, 8)) {
    svg << "<text text-anchor=\"middle\" x=\"" << coordinate(frame.x(tick)) << "\" y=\""
        << coordinate(line + 18) << "\">" << coordinate(tick) << "</text>";
  }
  svg << "\n<text text-anchor=\"middle\" x=\""
      << coordinate((frame.left + kPlotWidth - frame.right) / 2) << "\" y=\""
      << coordinate(line + 38) << "\">images seen</text>\n";
}

}  // namespace zoa::detail
