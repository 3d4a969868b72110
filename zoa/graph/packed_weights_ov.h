// SPDX-License-Identifier: Apache-2.0
// Weights of few bits packed for the disk; normalize_quantized_weights reads them back.
#pragma once

#include <cstddef>
#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Packs the i8 weights of products (Constant, Convert, Multiply by scales) that use at most 16
/// integers a channel: u4 (at most 4 integers: u2), Convert, Subtract zero points, Multiply.
/// Tensors of odd values alone (grids half a step beside zero) are packed as half their values with
/// twice the scales. Exact, and any OpenVINO tool runs the result; int8 kernels want i8, so a
/// network is packed to be written only. Returns  the number of tensors packed.
std::size_t pack_weights(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
