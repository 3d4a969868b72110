// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/histogram.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"

namespace zoa {

namespace {
constexpr std::size_t kHeadNumbers = 5;  // before the bins in pack()
}

Histogram::Histogram() : bins_(2 * kSideBins, 0.0) {}

// Makes the range hold `magnitude`: powers of two only, so that the result does not depend on the
// order in which values arrive.
void Histogram::grow(double magnitude) {
  const auto side = static_cast<double>(kSideBins);
  if (width_ == 0) {
    width_ = std::exp2(std::ceil(std::log2(magnitude))) / side;
  }
  while (magnitude >= width_ * side) {
    std::vector<double> merged(bins_.size(), 0.0);
    for (std::size_t i = 0; i < kSideBins; ++i) {
      merged[kSideBins + i / 2] += bins_[kSideBins + i];
      merged[kSideBins - 1 - i / 2] += bins_[kSideBins - 1 - i];
    }
    bins_.swap(merged);
    width_ *= 2;
  }
}

void Histogram::add(std::span<const float> values) {
  double low = count_ > 0 ? min_ : INFINITY;
  double high = count_ > 0 ? max_ : -INFINITY;
  std::size_t finite = 0;
  for (const float value : values) {
    if (std::isfinite(value)) {
      low = std::min(low, static_cast<double>(value));
      high = std::max(high, static_cast<double>(value));
      ++finite;
    }
  }
  non_finite_ += values.size() - finite;
  if (finite == 0) {
    return;
  }
  count_ += finite;
  min_ = low;
  max_ = high;
  // The smallest normal float stands in for zero, so that all-zero tensors get a range too.
  grow(std::max({std::abs(low), std::abs(high), 1e-30}));
  const double inverse = 1.0 / width_;
  for (const float value : values) {
    if (std::isfinite(value)) {
      const auto bin = static_cast<long>(std::floor(static_cast<double>(value) * inverse));
      bins_[static_cast<std::size_t>(bin + static_cast<long>(kSideBins))] += 1.0;
    }
  }
}

void Histogram::add_weighted(float value, double weight) {
  const auto exact = static_cast<double>(value);
  min_ = count_ > 0 ? std::min(min_, exact) : exact;
  max_ = count_ > 0 ? std::max(max_, exact) : exact;
  ++count_;
  grow(std::max(std::abs(exact), 1e-30));
  const auto bin = static_cast<long>(std::floor(exact / width_));
  bins_[static_cast<std::size_t>(bin + static_cast<long>(kSideBins))] += weight;
}

std::vector<double> Histogram::pack() const {
  std::vector<double> row{width_, min_, max_, static_cast<double>(count_),
                          static_cast<double>(non_finite_)};
  row.insert(row.end(), bins_.begin(), bins_.end());
  return row;
}

Histogram Histogram::unpack(const std::vector<double>& row, const std::string& where) {
  const bool sound = row.size() == kHeadNumbers + 2 * kSideBins &&
                     std::all_of(row.begin(), row.end(), [](double v) { return std::isfinite(v); });
  if (!sound) {
    fail(ErrorCode::BadFile, where, ": ", row.size(), " numbers; expected a histogram of ",
         2 * kSideBins, " bins");
  }
  Histogram histogram;
  histogram.width_ = row[0];
  histogram.min_ = row[1];
  histogram.max_ = row[2];
  histogram.count_ = static_cast<std::size_t>(row[3]);
  histogram.non_finite_ = static_cast<std::size_t>(row[4]);
  std::copy(row.begin() + kHeadNumbers, row.end(), histogram.bins_.begin());
  return histogram;
}

}  // namespace zoa
