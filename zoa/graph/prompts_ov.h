// SPDX-License-Identifier: Apache-2.0
// Inputs that are learnt: prompt tokens of a transformer, a convolution in front of a CNN (FOA).
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

#include "zoa/graph/structure_ov.h"

namespace zoa {

/// Puts `prompts` (1 or B, n, D) behind the class token of the stream that the first block reads.
/// Token counts written into the graph are raised by n. Shapes must be static.
/// Throws  UnsupportedModel if the head does not read a class token or a shape cannot be raised.
void insert_prompts(const std::shared_ptr<ov::Model>& model,
                    const Structure& structure,
                    const ov::Output<ov::Node>& prompts);

/// image + convolution(image, weights): weights (C, C, k, k), k odd, padded so that sizes stay.
void insert_input_filter(const std::shared_ptr<ov::Model>& model,
                         const ov::Output<ov::Node>& weights);

}  // namespace zoa
