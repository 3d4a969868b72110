// SPDX-License-Identifier: Apache-2.0
// Reads ONNX, OpenVINO IR and TFLite into one normal form that the rest of zoa works on.
#pragma once

#include <filesystem>
#include <memory>

#include <openvino/core/model.hpp>

#include "zoa/graph/import.h"

namespace zoa {

/// Reads a model and brings it into normal form: one f32 image input (B, C, H, W) with dynamic B,
/// one output of logits (B, K), constants folded (quantized weights stay what they are), LayerNorm
/// in its exporters' spellings as MVN + Multiply + Add. Throws  Io, BadFile, LimitExceeded,
/// UnsupportedModel; the text names the file and the node.
std::shared_ptr<ov::Model> import_model(const std::filesystem::path& path,
                                        const ImportLimits& limits = {});

/// The passes of import_model on a graph that is already in memory; `where` is for error texts.
void normalize_model(const std::shared_ptr<ov::Model>& model, const std::string& where);

/// Folds constants, but never quantized weights (Convert of an integer constant, FakeQuantize).
void fold_constants(const std::shared_ptr<ov::Model>& model);

/// A copy with this batch size whose shape arithmetic is folded away.
std::shared_ptr<ov::Model> with_batch(const std::shared_ptr<ov::Model>& model, std::size_t batch);

}  // namespace zoa
