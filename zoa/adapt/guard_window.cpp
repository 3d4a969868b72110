// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_window.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
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

FrameKind WindowCensus::classify(const FrameFacts& frame) const {
  if (!frame.finite) {
    return FrameKind::NonFinite;
  }
  if (frame.constant) {
    return FrameKind::Constant;
  }
  const bool is_known =
      std::any_of(distinct_.begin(), distinct_.end(),
                  [&](const FrameFacts& other) { return is_duplicate(frame, other, distance_); });
  return is_known ? FrameKind::Duplicate : FrameKind::Distinct;
}

void WindowCensus::add(FrameFacts frame) {
  ++facts_.count;
  switch (classify(frame)) {
    case FrameKind::NonFinite: ++facts_.non_finite; return;
    case FrameKind::Constant: ++facts_.constant; return;
    case FrameKind::Duplicate: ++facts_.duplicates; return;
    case FrameKind::Distinct:
      ++facts_.distinct;
      distinct_.push_back(std::move(frame));
      return;
  }
}

void WindowCensus::clear() {
  facts_ = {};
  distinct_.clear();
}

std::size_t WindowCensus::bytes() const {
  return distinct_.empty() ? 0 : distinct_.size() * distinct_.front().sketch.size() * sizeof(float);
}

void WindowCensus::save(StateWriter& writer, const std::string& prefix) const {
  const std::array<std::size_t, 5> counts{facts_.count, facts_.non_finite, facts_.constant,
                                          facts_.duplicates, facts_.distinct};
  writer.put_i64(prefix + ".counts", std::vector<std::int64_t>(counts.begin(), counts.end()));
  std::vector<float> sketches;
  for (const FrameFacts& frame : distinct_) {
    sketches.insert(sketches.end(), frame.sketch.begin(), frame.sketch.end());
  }
  writer.put_f32(prefix + ".sketches", sketches);
}

void WindowCensus::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> counts = reader.get_i64(prefix + ".counts");
  const std::vector<float> sketches = reader.get_f32(prefix + ".sketches");
  const bool can_be = counts.size() == 5 && std::all_of(counts.begin(), counts.end(), [](auto n) {
                        return n >= 0 && n <= 1'000'000;
                      });
  const auto distinct = static_cast<std::size_t>(can_be ? counts[4] : 0);
  if (!can_be || counts[0] != counts[1] + counts[2] + counts[3] + counts[4] ||
      !all_finite(sketches) ||
      (distinct == 0 ? !sketches.empty()
                     : sketches.empty() || sketches.size() % (distinct * kCells * kCells) != 0)) {
    fail(ErrorCode::BadFile, "state has images of a window that cannot be");
  }
  clear();
  facts_ = {static_cast<std::size_t>(counts[0]), static_cast<std::size_t>(counts[1]),
            static_cast<std::size_t>(counts[2]), static_cast<std::size_t>(counts[3]), distinct};
  const std::size_t size = distinct == 0 ? 0 : sketches.size() / distinct;
  distinct_.resize(distinct);
  for (std::size_t i = 0; i < distinct; ++i) {
    const auto first = sketches.begin() + static_cast<std::ptrdiff_t>(i * size);
    distinct_[i].sketch.assign(first, first + static_cast<std::ptrdiff_t>(size));
    distinct_[i].contrast = root_mean_square(distinct_[i].sketch, {});
  }
}

double AnswerFacts::mean_entropy() const {
  const double sum = std::accumulate(entropies.begin(), entropies.end(), 0.0);
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

void AnswerCensus::add(std::span<const float> logits) {
  const std::size_t classes = mean_.size();
  std::vector<double> shares(classes);
  for (std::size_t first = 0; first < logits.size(); first += classes) {
    const std::span<const float> row = logits.subspan(first, classes);
    if (!all_finite(row)) {
      finite_ = false;
      continue;
    }
    fill_shares(row, shares);
    entropies_.push_back(entropy_of(shares));
    for (std::size_t k = 0; k < classes; ++k) {
      mean_[k] += shares[k];
    }
  }
}

AnswerFacts AnswerCensus::facts() const {
  AnswerFacts facts;
  facts.count = entropies_.size();
  facts.finite = finite_;
  facts.entropies = entropies_;
  if (facts.count == 0) {
    return facts;
  }
  const auto count = static_cast<double>(facts.count);
  std::vector<double> mean = mean_;
  for (double& share : mean) {
    share /= count;
  }
  const std::size_t classes = mean_.size();
  facts.entropy = std::accumulate(entropies_.begin(), entropies_.end(), 0.0) /
                  (count * std::max(std::log(static_cast<double>(classes)), 1e-9));
  const std::size_t most = std::min(classes, facts.count);
  facts.spread = most < 2 ? 1 : entropy_of(mean) / std::log(static_cast<double>(most));
  return facts;
}

void AnswerCensus::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_i64(prefix + ".finite", std::vector<std::int64_t>{finite_ ? 1 : 0});
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".entropies", entropies_);
}

void AnswerCensus::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> finite = reader.get_i64(prefix + ".finite");
  std::vector<double> mean = reader.get_f64(prefix + ".mean");
  std::vector<double> entropies = reader.get_f64(prefix + ".entropies");
  if (mean.size() != mean_.size()) {
    fail(ErrorCode::StateMismatch, "state has answers of ", mean.size(), " classes, the model ",
         mean_.size());
  }
  if (finite.size() != 1 || !all_finite(mean) || !all_finite(entropies) || any_negative(mean) ||
      any_negative(entropies)) {
    fail(ErrorCode::BadFile, "state has answers that cannot be");
  }
  finite_ = finite[0] != 0;
  mean_ = std::move(mean);
  entropies_ = std::move(entropies);
}

AnswerFacts describe_answers(std::span<const float> logits, std::size_t classes) {
  AnswerCensus census(classes);
  census.add(logits);
  return census.facts();
}

}  // namespace zoa
