// SPDX-License-Identifier: Apache-2.0
// How well a network knows when it is right: the expected calibration error (ECE) of Guo et al.,
// On Calibration of Modern Neural Networks, ICML 2017. Kept as bins, which add up exactly over
// batches, rounds and shards.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace zoa {

/// Bins of equal width; as in the papers that report ECE for test-time adaptation.
inline constexpr std::size_t kConfidenceBins = 15;

struct ConfidenceBin {
  std::size_t count = 0;  ///< images whose confidence lies in the bin
  double confidence = 0;  ///< their sum
  std::size_t correct = 0;
};

/// Bin b holds the confidences in (b / 15, (b + 1) / 15].
using ConfidenceBins = std::array<ConfidenceBin, kConfidenceBins>;

/// Confidence is the largest softmax probability. Images without a label are left out. A row with a
/// value that is not finite is wrong with the confidence of a guess, 1 / K.
/// logits  (B, K), row-major.     labels  (B); -1 = unknown
/// Throws  InvalidArgument if the sizes do not fit.
ConfidenceBins count_confidence(std::span<const float> logits,
                                std::size_t classes,
                                std::span<const int> labels);

void add_bins(ConfidenceBins& sum, const ConfidenceBins& more);

/// sum_b n_b / n * |accuracy_b - confidence_b|, 0..1; none for empty bins.
std::optional<double> calibration_error(const ConfidenceBins& bins);

}  // namespace zoa
