// SPDX-License-Identifier: Apache-2.0
// The weights and the bias of a product as plain rows, and back into the graph.
#pragma once

#include <optional>
#include <vector>

#include "zoa/graph/products_ov.h"
#include "zoa/quantize/weight_quantizer.h"

namespace zoa {

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
