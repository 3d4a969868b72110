// SPDX-License-Identifier: Apache-2.0
// Decides the integers of one product's weights, given how its input is quantized.
#pragma once

#include "zoa/quantize/activation_plan.h"
#include "zoa/quantize/rounding.h"
#include "zoa/quantize/statistics.h"

namespace zoa {

struct LayerRequest {
  const std::vector<float>& weights;  ///< (rows, width)
  WeightShape shape;
  int bits = 8;
  bool reduced_range = false;  ///< see grid_rule
  bool reconstruct = false;    ///< round for the least output error instead of to nearest
  bool correct_bias = true;    ///< the product has a place for a bias
  std::size_t threads = 1;
};

struct LayerPlan {
  QuantizedWeights weights;
  std::vector<float> bias;  ///< (rows) to be added to the product's bias
};

/// moments  null where they were not collected: then weights go to the nearest code
LayerPlan plan_layer(const LayerRequest& request,
                     const ActivationPlan& activation,
                     const MomentStatistics* moments);

}  // namespace zoa
