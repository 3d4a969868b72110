// SPDX-License-Identifier: Apache-2.0
// The products of a network (convolutions, linear layers, attention) and the activations they read:
// what is quantized, and what a listing of kernels is about.
#pragma once

#include <string>
#include <vector>

#include "zoa/graph/ops_ov.h"

namespace zoa {

enum class ProductKind { Convolution, Linear, Attention };
const char* to_string(ProductKind kind);

/// One activation that a product reads.
struct ActivationPoint {
  std::size_t input = 0;  ///< index among the product's inputs
  ov::Output<ov::Node> value;
  bool symmetric = false;    ///< no zero point: q, k, v and signed convolution inputs
  bool probability = false;  ///< output of a softmax: the range is [0, 1]
  /// Attention in heads, q, k and v of shape (B, heads, ..): the axis that runs over the channels
  /// of a head; 0 elsewhere.
  std::size_t channel_axis = 0;
  bool per_channel = false;  ///< v: each channel may have a range of its own, q and k each head
};

struct Product {
  NodePtr node;
  ProductKind kind = ProductKind::Linear;
  std::vector<ActivationPoint> activations;
  std::string reason;  ///< why it stays float; empty where it is quantized
};

/// All convolutions and matrix products of a network, in order.
std::vector<Product> find_products(const std::shared_ptr<ov::Model>& model);

/// True if a value comes from a FakeQuantize or the sum of two, or from QDQ's Convert, Subtract,
/// Multiply after one.
bool reads_quantized(const ov::Output<ov::Node>& value);

/// True if some quantizer or integer weight is already there.
bool is_quantized(const ov::Model& model);

}  // namespace zoa
