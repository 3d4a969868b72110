// SPDX-License-Identifier: Apache-2.0
// Linear layers on quantized values as 1x1 convolutions. Without VNNI (AVX2) the runtime's int8
// convolution does twice the products per second of its int8 matrix product, bit for bit the same
// sums (docs/performance.md). In the channels-last layout of convolutions a row of tokens is a row
// of pixels, so that nothing is moved.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Rewrites each MatMul of a quantized value and constant quantized weights, and what follows it
/// element by element (bias, GELU, the next quantizer), so that the convolution can take it in.
/// Shapes must be static. Returns  the number of layers rewritten.
std::size_t run_linear_as_convolutions(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
