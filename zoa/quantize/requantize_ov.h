// SPDX-License-Identifier: Apache-2.0
// Attention of networks quantized elsewhere: quantizers that the runtime's int8 kernels can take.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// q, k and v of attention products that are quantized with a zero point (onnxruntime's QDQ) get
/// symmetric 8-bit quantizers of ranges that hold the file's, for the runtime multiplies two
/// activations as integers only without zero points. Where reshapes, transposes and splits carry
/// several quantizers, the first one stays and the others, which only repeat it, go: the values
/// move as bytes. Other readers of the same values keep the file's quantizers. No images needed.
/// Returns  the number of product inputs changed.
std::size_t requantize_attention(const std::shared_ptr<ov::Model>& network);

}  // namespace zoa
