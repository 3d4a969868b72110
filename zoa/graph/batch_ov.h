// SPDX-License-Identifier: Apache-2.0
// Makes the one image input (B, C, H, W) f32 with a free batch, whatever the exporter fixed.
#pragma once

#include <memory>
#include <string>

#include <openvino/core/model.hpp>

namespace zoa {

/// Throws  UnsupportedModel if the model does not have one image input, or cannot run at any batch.
void free_batch(const std::shared_ptr<ov::Model>& model, const std::string& where);

}  // namespace zoa
