// SPDX-License-Identifier: Apache-2.0
// LayerNorm as exporters before ONNX opset 17 and TFLite converters write it, put back into one
// MVN.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Replaces (x - mean) / sqrt(var + eps) over the last axis by MVN, in the spellings of PyTorch
/// (Pow or Mul square, Div or Mul by the inverse root) and TFLite (SquaredDifference, Rsqrt). The
/// affine that follows stays Multiply and Add. The runtime does the same when it compiles. Returns
/// the number of norms replaced.
std::size_t fuse_layer_norms(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
