// SPDX-License-Identifier: Apache-2.0
// Mean and covariance of rows that come in batches, merged without keeping the rows. A value that
// can be copied.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

class RunningCovariance {
 public:
  explicit RunningCovariance(std::size_t width) : mean_(width, 0.0), scatter_(width * width, 0.0) {}

  /// rows  (B, width) f32, all finite
  /// Source  Chan, Golub, LeVeque: pairwise update of sums of squared deviations.
  void observe(std::span<const float> rows);

  std::size_t width() const { return mean_.size(); }
  std::int64_t count() const { return count_; }
  const std::vector<double>& mean() const { return mean_; }

  /// (width, width), unbiased; zeros for fewer than two rows.
  std::vector<double> covariance() const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another width, BadFile for values that are not finite.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> scatter_;  // sum of outer products of the deviations from the mean
};

}  // namespace zoa
