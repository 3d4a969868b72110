// SPDX-License-Identifier: Apache-2.0
// Mean and variance per channel over a stream, counted in images: what a batch of 64 brings is what
// its images bring one by one, up to the rounding. A value that can be copied.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

struct RunningOptions {
  double prior = 16;      ///< images that the source statistics count for at the start
  double momentum = 0.1;  ///< share of a batch of 64 in the long run
};

class RunningMoments {
 public:
  /// Starts with the statistics of clean data, (C) each.
  RunningMoments(std::span<const float> mean,
                 std::span<const float> variance,
                 const RunningOptions& options);

  /// Takes in mean and biased variance over a batch of `images`, (C) each.
  void observe(std::span<const double> mean, std::span<const double> variance, std::size_t images);

  double images() const { return images_; }  ///< that the statistics count for
  std::span<const double> mean() const { return mean_; }
  double variance(std::size_t c) const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another width, BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  double horizon_;             // images after which the statistics forget as fast as they learn
  double images_;              // behind the statistics, at most the horizon
  std::vector<double> mean_;   // (C)
  std::vector<double> power_;  // (C) mean of squares
};

/// x * scale + offset that moves a channel towards clean data.
struct ChannelMap {
  double scale = 1;
  double offset = 0;
};

struct ChannelMoments {
  double mean = 0;
  double variance = 0;
};

/// Scale 1 - share + share * r with r = sd_source / sd_target in [1 / most, most]; the mean moves
/// by `share` of its way to the source's.
ChannelMap align_channel(const ChannelMoments& target,
                         const ChannelMoments& source,
                         double share,
                         double most);

}  // namespace zoa
