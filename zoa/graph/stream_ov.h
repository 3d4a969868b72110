// SPDX-License-Identifier: Apache-2.0
// Finds the head of a classifier and the residual stream that leads to it, walking backwards.
#pragma once

#include "zoa/graph/structure_ov.h"

namespace zoa {

/// What lies between the logits and the last residual addition.
struct HeadPath {
  NodePtr product;               ///< MatMul or 1x1 convolution with constant weights
  ov::Output<ov::Node> feature;  ///< its data input before any quantizer, (B, D)
  bool selects_token = false;    ///< a Gather or Slice of one token lies on the way
  bool averages = false;         ///< a mean over tokens or positions lies on the way
};

/// Throws  UnsupportedModel where the logits do not come from one linear layer.
HeadPath find_head(const ov::Output<ov::Node>& logits,
                   const NodeSet& constants,
                   const std::string& where);

/// The value behind quantizers: FakeQuantize, sums of two, or QDQ's chain FakeQuantize -> Convert
/// -> Convert -> Subtract -> Multiply.
ov::Output<ov::Node> skip_quantizer(ov::Output<ov::Node> value, const NodeSet& constants);

/// Residual additions from the stem to the head, in network order.
std::vector<Residual> find_residuals(HeadPath& head,
                                     const std::shared_ptr<ov::Model>& model,
                                     const NodeSet& constants);

}  // namespace zoa
