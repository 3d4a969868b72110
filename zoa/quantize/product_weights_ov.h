// SPDX-License-Identifier: Apache-2.0
// The weights and the bias of a product as plain rows, and back into the graph.
#pragma once

#include <optional>
#include <vector>

#include "zoa/graph/products_ov.h"
#include "zoa/quantize/weight_quantizer.h"

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

WeightShape weight_shape(const Product& product);

/// (rows, width), row-major.
/// Throws  UnsupportedModel if they are computed.
std::vector<float> read_weights(const Product& product);

/// Replaces the weights by a constant of signed bytes, a Convert and one scale per output channel.
void write_weights(const Product& product, const QuantizedWeights& weights);

/// Adds `change` (one value per output channel) to the bias. Without one, a new one is put behind
/// the product where that leaves the network's form as it is: behind linear layers, and behind
/// convolutions that a norm follows.
/// Returns  false if there is no place for it.
bool add_to_bias(const Product& product, const std::vector<float>& change);

/// True if add_to_bias has a place.
bool has_place_for_bias(const Product& product);

}  // namespace zoa
