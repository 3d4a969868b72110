// SPDX-License-Identifier: Apache-2.0
// A layer that gives queries, keys and values at once (B, T, 3, heads, d) makes the runtime move
// floats apart before it quantizes them. Three layers with a quantizer each give integers, a
// quarter of the bytes to move; every sum stays.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Rewrites MatMul, Add, Reshape, Transpose (2, 0, 3, 1, 4), then Split or Slices or Gathers, as
/// three products, each followed by its own scale and quantizer, then by the move into heads.
/// Shapes must be static. Returns  the number of layers rewritten.
std::size_t separate_heads(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
