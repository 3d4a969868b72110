// SPDX-License-Identifier: Apache-2.0
// Small numbers of an evaluation: right answers, spread over seeds, medians.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace zoa {

struct CorrectCount {
  std::size_t labeled = 0;  ///< images with a known label
  std::size_t correct = 0;  ///< of those, the ones whose largest logit is at the label
};

/// logits  (B, K), row-major.     labels  (B); -1 = unknown
/// A row with a value that is not finite counts as wrong; of equal logits the first one wins.
/// Throws  InvalidArgument if the sizes do not fit.
CorrectCount count_correct(std::span<const float> logits,
                           std::size_t classes,
                           std::span<const int> labels);

/// Mean and sample standard deviation (n - 1) of repetitions.
struct MeanSd {
  double mean = 0;
  std::optional<double> sd;  ///< none for a single value
  std::size_t count = 1;
};

/// None for no values.
std::optional<MeanSd> mean_and_sd(std::span<const double> values);

/// Value at a fraction 0..1 of the sorted values, linear between two of them; 0 for no values.
double quantile(std::vector<double> values, double fraction);

inline double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

}  // namespace zoa
