// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "zoa/eval/html.h"
#include "zoa/eval/quantize_report.h"

namespace zoa::detail {
namespace {

constexpr double kLeft = 76;
constexpr double kRight = 8;
constexpr double kTop = 48;
constexpr double kHeight = 250;
constexpr double kLeastWidth = 960;
constexpr double kLeastPitch = 5;  // of a bar with its gap; more layers make the plot wider
constexpr double kMostPitch = 48;
constexpr double kStub = 1.5;  // a bar too small to see is still there
constexpr double kSpread = 30;
constexpr double kDecades = 5;
constexpr std::size_t kNamed = 3;  // worst layers that carry their rank
constexpr double kCharacter = 6.3;

struct Look {
  LayerFate fate;
  const char* colour;
  const char* text;
};

constexpr std::array<Look, 5> kLooks{{{LayerFate::Planned, "f1", "as planned"},
                                      {LayerFate::Raised, "f2", "raised to 8 bits"},
                                      {LayerFate::Float, "f4", "kept float"},
                                      {LayerFate::Ruled, "f3", "as a rule says"},
                                      {LayerFate::Unmeasured, "f0", "not quantized"}}};

struct Frame {
  double width = kLeastWidth;
  double pitch = 0;
  double low = 0;  // at the bottom; a logarithm where `logarithmic`
  double high = 1;
  bool logarithmic = false;

  double x(std::size_t index) const { return kLeft + pitch * static_cast<double>(index); }
  double height(double divergence) const {
    const double value = logarithmic ? std::log10(std::max(divergence, 1e-300)) : divergence;
    return std::clamp((value - low) / (high - low) * kHeight, kStub, kHeight);
  }
};

Frame make_frame(const std::vector<LayerRow>& rows) {
  std::vector<double> values;
  for (const LayerRow& row : rows) {
    if (row.rank > 0 && row.layer->divergence > 0) {
      values.push_back(row.layer->divergence);
    }
  }
  std::sort(values.begin(), values.end());
  Frame frame;
  const auto count = static_cast<double>(std::max<std::size_t>(rows.size(), 1));
  frame.pitch = std::clamp((kLeastWidth - kLeft - kRight) / count, kLeastPitch, kMostPitch);
  frame.width = std::max(kLeastWidth, kLeft + kRight + frame.pitch * count);
  if (values.empty()) {
    return frame;
  }
  const double most = values.back();
  frame.logarithmic = most > kSpread * values[values.size() / 2];
  if (frame.logarithmic) {
    frame.high = std::log10(most) + 0.08;
    frame.low = std::floor(std::max(std::log10(values.front()), frame.high - kDecades));
  } else {
    frame.high = most * 1.06;
  }
  return frame;
}

void draw_tick(std::ostream& svg, const Frame& frame, double value) {
  const double y = kTop + kHeight -
                   ((frame.logarithmic ? std::log10(value) : value) - frame.low) /
                       (frame.high - frame.low) * kHeight;
  svg << "<line class=\"grid\" x1=\"" << kLeft << "\" x2=\"" << coordinate(frame.width - kRight)
      << "\" y1=\"" << coordinate(y) << "\" y2=\"" << coordinate(y)
      << "\"/><text text-anchor=\"end\" x=\"" << kLeft - 8 << "\" y=\"" << coordinate(y + 4)
      << "\">" << divergence_text(value) << "</text>\n";
}

void draw_axes(std::ostream& svg, const Frame& frame, std::size_t layers) {
  if (frame.logarithmic) {
    for (int i = 0; frame.low + i <= frame.high; ++i) {
      draw_tick(svg, frame, std::pow(10.0, frame.low + i));
    }
  } else {
    for (const double tick : nice_ticks(frame.low, frame.high, 5)) {
      draw_tick(svg, frame, tick);
    }
  }
  const std::string bottom = coordinate(kTop + kHeight);
  svg << "<line class=\"axis\" x1=\"" << kLeft << "\" x2=\"" << coordinate(frame.width - kRight)
      << "\" y1=\"" << bottom << "\" y2=\"" << bottom << "\"/>\n";
  for (const double tick : nice_ticks(1, static_cast<double>(layers), 12)) {
    const auto number = static_cast<std::size_t>(std::lround(tick));
    if (number >= 1 && number <= layers && std::abs(tick - std::round(tick)) < 1e-9) {
      svg << "<text text-anchor=\"middle\" x=\""
          << coordinate(frame.x(number - 1) + frame.pitch / 2) << "\" y=\""
          << coordinate(kTop + kHeight + 18) << "\">" << number << "</text>";
    }
  }
  const std::string middle = coordinate(kTop + kHeight / 2);
  svg << "\n<text text-anchor=\"middle\" x=\""
      << coordinate(kLeft + frame.pitch * static_cast<double>(layers) / 2) << "\" y=\""
      << coordinate(kTop + kHeight + 38)
      << "\">layer, in network order</text><text text-anchor=\"middle\" transform=\"rotate(-90 13 "
      << middle << ")\" x=\"13\" y=\"" << middle << "\">divergence, nats"
      << (frame.logarithmic ? " (logarithmic)" : "") << "</text>\n";
}

const Look& look_of(LayerFate fate) {
  return *std::find_if(kLooks.begin(), kLooks.end(),
                       [&](const Look& look) { return look.fate == fate; });
}

std::string title_of(const LayerRow& row) {
  std::string text =
      std::to_string(row.number) + ". " + layer_label(*row.layer) + " (" + row.layer->kind + ")";
  if (row.rank > 0) {
    text +=
        ": " + divergence_text(row.layer->divergence) + " nats, rank " + std::to_string(row.rank);
  }
  return text + ", " + (row.why.empty() ? look_of(row.fate).text : row.why);
}

void draw_bars(std::ostream& svg, const Frame& frame, const std::vector<LayerRow>& rows) {
  const double gap = std::max(1.0, frame.pitch * 0.18);
  svg << "<g class=\"bars\">";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerRow& row = rows[i];
    const double height = row.rank > 0 ? frame.height(row.layer->divergence) : kStub;
    const double top = kTop + kHeight - height;
    // The whole column answers to the pointer, or small bars could not be hit.
    svg << "<g><title>" << escape_html(title_of(row)) << "</title><rect class=\"column\" x=\""
        << coordinate(frame.x(i)) << "\" y=\"" << kTop << "\" width=\"" << coordinate(frame.pitch)
        << "\" height=\"" << kHeight << "\"/><rect class=\"" << look_of(row.fate).colour
        << "\" x=\"" << coordinate(frame.x(i) + gap / 2) << "\" y=\"" << coordinate(top)
        << "\" width=\"" << coordinate(frame.pitch - gap) << "\" height=\"" << coordinate(height)
        << "\"/>";
    if (row.rank > 0 && row.rank <= kNamed) {
      svg << "<text text-anchor=\"middle\" x=\"" << coordinate(frame.x(i) + frame.pitch / 2)
          << "\" y=\"" << coordinate(top - 5) << "\">" << row.rank << "</text>";
    }
    svg << "</g>\n";
  }
  svg << "</g>\n";
}

void draw_legend(std::ostream& svg, const std::vector<LayerRow>& rows) {
  double x = kLeft;
  svg << "<g class=\"legend\">";
  for (const Look& look : kLooks) {
    const auto count = std::count_if(rows.begin(), rows.end(),
                                     [&](const LayerRow& row) { return row.fate == look.fate; });
    if (count == 0) {
      continue;
    }
    const std::string text = std::string(look.text) + " (" + std::to_string(count) + ")";
    svg << "<g transform=\"translate(" << coordinate(x) << " 8)\"><rect class=\"" << look.colour
        << "\" width=\"11\" height=\"11\" rx=\"2\"/><text x=\"18\" y=\"10\">" << text
        << "</text></g>";
    x += 18 + kCharacter * static_cast<double>(text.size()) + 22;
  }
  svg << "</g>\n";
}

}  // namespace

std::string divergence_plot(const std::vector<LayerRow>& rows) {
  const Frame frame = make_frame(rows);
  std::ostringstream svg;
  svg << "<svg class=\"plot\" role=\"img\" aria-label=\"Divergence of the answers per layer, a bar "
         "each\" viewBox=\"0 0 "
      << coordinate(frame.width) << " " << coordinate(kTop + kHeight + 46) << "\"";
  if (frame.width > kLeastWidth) {  // as large as in narrow plots: the reader scrolls
    svg << " style=\"min-width:" << coordinate(frame.width) << "px\"";
  }
  svg << ">\n";
  draw_axes(svg, frame, rows.size());
  draw_bars(svg, frame, rows);
  draw_legend(svg, rows);
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace zoa::detail
