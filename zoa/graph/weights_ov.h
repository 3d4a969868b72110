// SPDX-License-Identifier: Apache-2.0
// Quantized weights in a graph: how they look, and the one form that int8 kernels take.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Keeps constant folding from turning integer weights (Convert of an integer constant) and
/// FakeQuantize on weights into plain floats.
void protect_quantized_weights(const std::shared_ptr<ov::Model>& model);

/// Rewrites 8-bit weights with a zero point (onnxruntime: u8, zero point 128) as i8 without one,
/// where every value fits; exact. Others stay and run in float. Returns  the number of tensors
/// rewritten.
std::size_t normalize_quantized_weights(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
