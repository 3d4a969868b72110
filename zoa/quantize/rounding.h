// SPDX-License-Identifier: Apache-2.0
// Rounding of a product's weights for the least error of its output, from second moments of its
// inputs: the error of one row is (w - q) H (w - q)^T, H = E[x x^T].
// Source  columns one after the other, each error passed on to the columns still to come: Frantar
// et
//         al., GPTQ (arXiv 2210.17323), section 3; then coordinate descent over single codes:
//         Behdin et al., QuantEase (arXiv 2309.01885), section 3.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zoa/quantize/weight_quantizer.h"

namespace zoa {

/// What a product reads, as it will be seen: mean of x x^T over images and positions.
struct InputMoments {
  std::size_t width = 0;
  std::span<const float> moments;  ///< width x width, of the exact input
  std::span<const float> noise;    ///< (width) mean square of the activation's rounding error
};

struct RoundingOptions {
  int sweeps = 3;           ///< of coordinate descent; each ends with a new scale per row
  std::size_t threads = 1;  ///< rows are independent: the result is the same for any number
};

/// Rounds weights (rows x width). Rows start from `grids` (one each); scales may change.
/// Throws  UnsupportedModel if the moments are not finite.
QuantizedWeights round_weights(std::span<const float> weights,
                               const InputMoments& inputs,
                               std::vector<WeightGrid> grids,
                               const RoundingOptions& options);

/// Each weight to its nearest code.
QuantizedWeights round_to_nearest(std::span<const float> weights,
                                  const std::vector<WeightGrid>& grids);

}  // namespace zoa
