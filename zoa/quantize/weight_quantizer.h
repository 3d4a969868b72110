// SPDX-License-Identifier: Apache-2.0
// Weights to integers: one grid per output channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace zoa {

/// How the weights of a product split: rows = groups x outputs of one group.
struct WeightShape {
  std::size_t groups = 1;
  std::size_t rows = 0;    ///< output channels of all groups
  std::size_t width = 0;   ///< inputs of one output channel
  std::size_t kernel = 1;  ///< positions of the kernel; width = channels of a group * kernel

  std::size_t channels() const { return groups * width / kernel; }  ///< of the product's input
  /// The input channel that weight `column` of output `row` multiplies.
  std::size_t channel_of(std::size_t row, std::size_t column) const {
    return row / (rows / groups) * (width / kernel) + column / kernel;
  }
};

/// A uniform grid: value = scale * code, code = first, first + step, ..., first + step * (levels -
/// 1). step 2 is the half-step grid of few levels, e.g. -3 -1 1 3: it has no zero, and is finer
/// where most weights lie.
struct WeightGrid {
  float scale = 1;
  int first = 0;
  int step = 1;
  int levels = 256;

  float lowest() const { return scale * static_cast<float>(first); }
  /// The nearest code.
  int code(float value) const;
};

/// What a grid may be.
struct GridRule {
  int levels = 255;        ///< codes per channel
  bool asymmetric = true;  ///< codes need not lie round zero
  bool half_step = false;  ///< odd codes only
};

/// The rule for a bit width. At 8 and 7 bits codes are symmetric, so that they fit a signed byte
/// (7 bits: +-63, below which products never saturate). Below, any grid fits.
/// reduced  7-bit codes stand in for 8-bit ones
GridRule grid_rule(int bits, bool reduced);

/// The grid of least squared error, each weight's error counting `importance` (mean square of the
/// input that it multiplies; same size as weights, or one value for all).
WeightGrid find_grid(std::span<const float> weights,
                     std::span<const float> importance,
                     const GridRule& rule);

/// Sum of importance * squared error of rounding to the grid.
double grid_error(std::span<const float> weights,
                  std::span<const float> importance,
                  const WeightGrid& grid);

/// Weights of a product, one row per output channel, rounded.
struct QuantizedWeights {
  std::vector<std::int8_t> codes;  ///< rows x width
  std::vector<float> scales;       ///< per row
};

}  // namespace zoa
