// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::size_t kCells = 8;  // a side of the sketch

// First row or column of a cell.
std::size_t edge(std::size_t cell, std::size_t size) {
  return cell * size / kCells;
}

double cell_mean(std::span<const float> plane, std::size_t width, std::size_t y, std::size_t x) {
  const std::size_t height = plane.size() / width;
  // An image smaller than the grid has cells without a pixel: they take the nearest one.
  const std::size_t bottom = std::max(edge(y + 1, height), edge(y, height) + 1);
  const std::size_t right = std::max(edge(x + 1, width), edge(x, width) + 1);
  double sum = 0;
  for (std::size_t row = edge(y, height); row < bottom; ++row) {
    for (std::size_t column = edge(x, width); column < right; ++column) {
      sum += static_cast<double>(plane[row * width + column]);
    }
  }
  return sum / static_cast<double>((bottom - edge(y, height)) * (right - edge(x, width)));
}

double root_mean_square(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double value = static_cast<double>(a[i]) - (b.empty() ? 0 : static_cast<double>(b[i]));
    sum += value * value;
  }
  return std::sqrt(sum / static_cast<double>(a.size()));
}

double entropy_of(std::span<const double> shares) {
  double sum = 0;
  for (const double share : shares) {
    sum -= share > 0 ? share * std::log(share) : 0;
  }
  return sum;
}

// Softmax of a row.
void fill_shares(std::span<const float> row, std::span<double> shares) {
  const auto most = static_cast<double>(*std::max_element(row.begin(), row.end()));
  double sum = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    shares[k] = std::exp(static_cast<double>(row[k]) - most);
    sum += shares[k];
  }
  for (double& share : shares) {
    share /= sum;
  }
}

}  // namespace

FrameFacts describe_frame(std::span<const float> pixels, std::size_t channels, std::size_t height) {
  const std::size_t plane = channels == 0 ? 0 : pixels.size() / channels;
  if (plane == 0 || height == 0 || plane * channels != pixels.size() || plane % height != 0) {
    fail(ErrorCode::InvalidArgument, "image of ", pixels.size(), " values is not ", channels,
         " channels of ", height, " rows");
  }
  FrameFacts facts;
  facts.finite = all_finite(pixels);
  if (!facts.finite) {
    return facts;
  }
  facts.constant = true;
  double sum = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    const std::span<const float> values = pixels.subspan(c * plane, plane);
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    facts.constant = facts.constant && *least == *most;
    for (std::size_t cell = 0; cell < kCells * kCells; ++cell) {
      const double mean = cell_mean(values, plane / height, cell / kCells, cell % kCells);
      sum += mean;
      facts.sketch.push_back(static_cast<float>(mean));
    }
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(facts.sketch.size()));
  for (float& value : facts.sketch) {
    value -= mean;
  }
  facts.contrast = root_mean_square(facts.sketch, {});
  return facts;
}

bool is_duplicate(const FrameFacts& a, const FrameFacts& b, double distance) {
  if (a.sketch.empty() || a.sketch.size() != b.sketch.size()) {
    return false;
  }
  return root_mean_square(a.sketch, b.sketch) <= distance * std::max(a.contrast, b.contrast);
}

void WindowCensus::add(FrameFacts frame) {
  ++facts_.count;
  if (!frame.finite) {
    ++facts_.non_finite;
  } else if (frame.constant) {
    ++facts_.constant;
  } else if (std::any_of(distinct_.begin(), distinct_.end(), [&](const FrameFacts& other) {
               return is_duplicate(frame, other, distance_);
             })) {
    ++facts_.duplicates;
  } else {
    ++facts_.distinct;
    distinct_.push_back(std::move(frame));
  }
}

void WindowCensus::clear() {
  facts_ = {};
  distinct_.clear();
}

AnswerFacts describe_answers(std::span<const float> logits, std::size_t classes) {
  AnswerFacts facts;
  std::vector<double> shares(classes);
  std::vector<double> mean(classes);
  for (std::size_t first = 0; first < logits.size(); first += classes) {
    const std::span<const float> row = logits.subspan(first, classes);
    if (!all_finite(row)) {
      facts.finite = false;
      continue;
    }
    ++facts.count;
    fill_shares(row, shares);
    facts.entropies.push_back(entropy_of(shares));
    facts.entropy += facts.entropies.back();
    for (std::size_t k = 0; k < classes; ++k) {
      mean[k] += shares[k];
    }
  }
  if (facts.count == 0) {
    return facts;
  }
  const auto count = static_cast<double>(facts.count);
  for (double& share : mean) {
    share /= count;
  }
  facts.entropy /= count * std::max(std::log(static_cast<double>(classes)), 1e-9);
  const std::size_t most = std::min(classes, facts.count);
  facts.spread = most < 2 ? 1 : entropy_of(mean) / std::log(static_cast<double>(most));
  return facts;
}

}  // namespace zoa
