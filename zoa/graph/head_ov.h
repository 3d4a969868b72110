// SPDX-License-Identifier: Apache-2.0
// The head of a classifier by itself: copied behind another feature, as a network of its own, and
// its weights.
#pragma once

#include <vector>

#include "zoa/graph/structure_ov.h"

namespace zoa {

/// Copies what lies between `feature` and `logits` so that it reads `replacement`; weights are
/// shared. Returns  the copy's logits.
ov::Output<ov::Node> copy_head(const ov::Output<ov::Node>& logits,
                               const ov::Output<ov::Node>& feature,
                               const ov::Output<ov::Node>& replacement);

/// Features (B, D) -> logits (B, K), for the batch of the structure's graph, which keeps working.
std::shared_ptr<ov::Model> make_head(const Structure& structure);

/// (K, D), as the network computes with them.
/// Throws  UnsupportedModel if they cannot be computed without running the network.
std::vector<float> head_weights(const Structure& structure);

}  // namespace zoa
