// SPDX-License-Identifier: Apache-2.0
// One block of PEA: statistics of clean data, running statistics of what the block gives, and the
// correction that follows from both. A matrix of groups of one channel is the diagonal form.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

/// Mean (C) and covariance (C / g, g, g) of a block's output.
struct BlockStats {
  std::vector<float> mean;
  std::vector<float> covariance;
};

/// Clean data. root  C_S^(1/2), (C / g, g, g).
struct PeaSource {
  std::size_t group = 1;  ///< g
  std::vector<float> mean;
  std::vector<double> root;
};

PeaSource make_pea_source(const BlockStats& stats, std::size_t group);

using PeaMatrix = std::shared_ptr<const std::vector<float>>;

/// C_T^(-1/2) C_S^(1/2), (C / g, g, g): rows times it are whitened and coloured.
/// 1e-5 is added to the variances and is the least eigenvalue, as published.
PeaMatrix compute_pea_matrix(const PeaSource& source, const BlockStats& target);

/// x (1 - w) + w ((x - mean_T) A + mean_S) as x * matrix + offset.
struct PeaCorrection {
  std::vector<float> matrix;  ///< (C / g, g, g)
  std::vector<float> offset;  ///< (C)
};
PeaCorrection compute_pea_correction(const PeaSource& source,
                                     std::span<const float> target_mean,
                                     std::span<const float> matrix,
                                     double weight);

struct PeaTracking {
  double momentum = 0.02;
  double jump = 4;
  double jump_share = 0.2;
};

/// Running statistics of one block. A value; the matrix never changes and is shared.
struct PeaBlock {
  BlockStats stats;             ///< empty: the block was not seen yet
  std::optional<double> drift;  ///< smoothed mean |batch mean - running mean|
  PeaMatrix matrix;             ///< of these or somewhat older statistics; none: to be computed

  bool is_new() const { return stats.mean.empty(); }

  /// Takes in a batch. A jump of the mean starts the statistics anew.
  void observe(const BlockStats& batch, const PeaTracking& tracking);

  void save(StateWriter& writer, const std::string& prefix) const;
  /// channels (C), numbers (C * g)
  /// Throws  StateMismatch for other sizes, BadFile for values that are not finite.
  void load(const StateReader& reader,
            const std::string& prefix,
            std::size_t channels,
            std::size_t numbers);
};

}  // namespace zoa
