// SPDX-License-Identifier: Apache-2.0
// Twin-range quantizers: fine steps where most values are, coarse ones for the rest. A coarse step
// is 2^m fine ones, so that codes are integers of the fine step and one integer product suffices.
// Source  PTQ4ViT (arXiv 2111.12293), section 3.2.
// Differs: written as the sum of two staircases, so that no code is given to both; and the share
// of codes for each side is searched instead of fixed at one half.
#pragma once

#include <optional>

#include "zoa/quantize/range.h"

namespace zoa {

struct TwinRange {
  double fine = 0;            ///< the small step
  int fine_steps = 0;         ///< steps of the fine side
  int factor = 1;             ///< 2^m: fine steps in a coarse one
  int coarse_steps = 0;       ///< steps of the coarse side
  bool signed_sides = false;  ///< fine below zero and coarse above (GELU); else both above zero,
                              ///< the fine side first (softmax)

  double apply(double value) const;
};

/// The twin range of least squared error over the histogram that fits 2^bits codes and, in fine
/// steps, a byte. Nothing where no such range beats a uniform one's `error` by a tenth.
///   signed_sides  as above
std::optional<TwinRange> find_twin_range(const Histogram& histogram,
                                         int bits,
                                         bool signed_sides,
                                         double error);

double squared_error(const Histogram& histogram, const TwinRange& range);

}  // namespace zoa
