// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/divergence.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace zoa {

namespace {

std::size_t top_answer(const Logits& logits, std::size_t image) {
  const auto begin = logits.values.begin() + static_cast<std::ptrdiff_t>(image * logits.classes);
  const auto end = begin + static_cast<std::ptrdiff_t>(logits.classes);
  return static_cast<std::size_t>(std::max_element(begin, end) - begin);
}

// Logarithms of the softmax of one row.
std::vector<double> log_softmax(const Logits& logits, std::size_t image) {
  const float* row = logits.values.data() + image * logits.classes;
  const auto most = static_cast<double>(*std::max_element(row, row + logits.classes));
  double sum = 0;
  for (std::size_t i = 0; i < logits.classes; ++i) {
    sum += std::exp(static_cast<double>(row[i]) - most);
  }
  std::vector<double> out(logits.classes);
  for (std::size_t i = 0; i < logits.classes; ++i) {
    out[i] = static_cast<double>(row[i]) - most - std::log(sum);
  }
  return out;
}

}  // namespace

double mean_divergence(const Logits& reference, const Logits& other) {
  assert(reference.classes == other.classes && reference.images() >= other.images());
  double sum = 0;
  for (std::size_t image = 0; image < other.images(); ++image) {
    const auto p = log_softmax(reference, image);
    const auto q = log_softmax(other, image);
    for (std::size_t i = 0; i < p.size(); ++i) {
      sum += std::exp(p[i]) * (p[i] - q[i]);
    }
  }
  return std::max(0.0, sum / static_cast<double>(other.images()));
}

DropMeter::DropMeter(Logits reference, std::vector<int> labels) : reference_(std::move(reference)) {
  assert(labels.size() == reference_.images());
  const auto known =
      std::count_if(labels.begin(), labels.end(), [](int label) { return label >= 0; });
  const bool labelled = 2 * static_cast<std::size_t>(known) >= labels.size();
  measure_ = labelled ? "accuracy" : "changed answers";
  for (std::size_t image = 0; image < labels.size(); ++image) {
    const std::size_t answer = top_answer(reference_, image);
    if (labelled && labels[image] < 0) {
      continue;
    }
    counted_.push_back(image);
    wanted_.push_back(labelled ? static_cast<std::size_t>(labels[image]) : answer);
    reference_right_ += wanted_.back() == answer ? 1U : 0U;
  }
}

double DropMeter::drop(const Logits& logits) const {
  std::size_t right = 0;
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    right += top_answer(logits, counted_[i]) == wanted_[i] ? 1U : 0U;
  }
  // Whole images first: 3 of 300 must be 0.01, not a bit more.
  return (static_cast<double>(reference_right_) - static_cast<double>(right)) /
         static_cast<double>(counted_.size());
}

std::optional<std::size_t> find_fewest(std::size_t count,
                                       const std::function<bool(std::size_t)>& holds) {
  std::size_t fails = 0;
  std::size_t next = 1;
  while (fails < count && !holds(next)) {
    fails = next;
    next = std::min(2 * next, count);
  }
  if (fails >= count) {
    return std::nullopt;
  }
  std::size_t found = next;
  while (found - fails > 1) {
    const std::size_t middle = fails + (found - fails) / 2;
    (holds(middle) ? found : fails) = middle;
  }
  return found;
}

std::size_t most_trials(std::size_t count) {
  return 2 * static_cast<std::size_t>(std::bit_width(count));
}

}  // namespace zoa
