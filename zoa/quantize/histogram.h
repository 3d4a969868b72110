// SPDX-License-Identifier: Apache-2.0
// A streaming histogram: values come in any number of pieces, memory stays the same. Its range
// doubles when a value falls outside, merging bins in pairs, so no first pass for the range is
// needed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace zoa {

class Histogram {
 public:
  /// Bins on each side of zero. 4096 keep the bin width below a fourth of an 8-bit step over the
  /// full range even right after a doubling.
  static constexpr std::size_t kSideBins = 4096;

  Histogram();

  /// Values that are not finite are counted, not binned.
  void add(std::span<const float> values);

  /// One value that counts `weight` times; the value is finite.
  void add_weighted(float value, double weight);

  double min() const { return min_; }  ///< exact; 0 while empty
  double max() const { return max_; }
  std::size_t count() const { return count_; }
  std::size_t non_finite() const { return non_finite_; }
  double bin_width() const { return width_; }
  std::size_t bytes() const { return bins_.size() * sizeof(double); }

  std::size_t num_bins() const { return bins_.size(); }
  double weight(std::size_t bin) const { return bins_[bin]; }  ///< values in the bin
  double centre(std::size_t bin) const {
    return (static_cast<double>(bin) - static_cast<double>(kSideBins) + 0.5) * width_;
  }

  /// Everything as one row of numbers, and back.
  /// Throws  BadFile if the row is not one of pack().
  std::vector<double> pack() const;
  static Histogram unpack(const std::vector<double>& row, const std::string& where);

 private:
  void grow(double magnitude);

  std::vector<double> bins_;
  double width_ = 0;
  double min_ = 0;
  double max_ = 0;
  std::size_t count_ = 0;
  std::size_t non_finite_ = 0;
};

}  // namespace zoa
