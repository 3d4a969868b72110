// SPDX-License-Identifier: Apache-2.0
// Attention as one node, which the runtime's own converter writes, taken apart into its two
// products.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Replaces ScaledDotProductAttention without mask and without causality by
/// MatMul(q * scale, k^T), Softmax, MatMul, so that both products can be quantized and counted.
/// Returns  the number of nodes replaced; others stay as they are.
std::size_t expand_attention(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
