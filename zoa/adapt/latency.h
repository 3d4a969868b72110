// SPDX-License-Identifier: Apache-2.0
// Quantiles of a stream of times in memory that does not grow: counts in bins that are 2 % wide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zoa {

class LatencyHistogram {
 public:
  void add(double milliseconds);
  std::uint64_t count() const { return count_; }
  /// Upper edge of the bin that holds the quantile, at most 2 % above it; 0 before the first time.
  /// share  0..1, e.g. 0.99
  double quantile(double share) const;
  double most() const { return most_; }

 private:
  static constexpr std::size_t kBins = 1024;  // 1 microsecond to 10 minutes
  std::array<std::uint64_t, kBins> bins_{};
  std::uint64_t count_ = 0;
  double most_ = 0;
};

}  // namespace zoa
