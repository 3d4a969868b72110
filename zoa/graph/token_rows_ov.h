// SPDX-License-Identifier: Apache-2.0
// The last block of a ViT whose head reads one token needs that token's row alone: its queries, its
// attention output, its MLP. Keys and values still come from all tokens.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Moves the selection of token 0 (Gather or Slice on axis 1) towards the image, through everything
/// that works row by row, until a value is needed whole. Shapes must be static. Returns  the number
/// of nodes that now compute one row instead of all.
std::size_t compute_token_rows(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
