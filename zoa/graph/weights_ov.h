// SPDX-License-Identifier: Apache-2.0
// Quantized weights in a graph: how they look, and the one form that int8 kernels take.
#pragma once

#include <memory>
#include <optional>

#include <openvino/core/model.hpp>

namespace zoa {

/// Which channel an element of a weight tensor belongs to, for scales or zero points of some shape.
struct ChannelMap {
  std::size_t channels = 1;
  std::size_t inner = 1;

  std::size_t operator()(std::size_t element) const { return (element / inner) % channels; }
};

/// The map for weights of a shape and one number per channel in another, which broadcasts to it;
/// nothing where the numbers lie along axes that are not neighbours, or do not fit.
std::optional<ChannelMap> channel_map(const ov::Shape& weights, const ov::Shape& per_channel);

/// Keeps constant folding from turning integer weights (Convert of an integer constant) and
/// FakeQuantize on weights into plain floats.
void protect_quantized_weights(const std::shared_ptr<ov::Model>& model);

/// Rewrites weights of at most 8 bits with a zero point (onnxruntime: u8, zero point 128; ours:
/// pack_weights) as i8 without one, where every value fits; exact. Zero points between two integers
/// are taken in by doubled values and a halved scale. Others stay and run in float.
/// Returns  the number of tensors rewritten.
std::size_t normalize_quantized_weights(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
