// SPDX-License-Identifier: Apache-2.0
// The model folder on disk: model.xml, model.bin, zoa.json, source.safetensors.
#pragma once

#include <filesystem>

#include "zoa/model/model_ov.h"

namespace zoa {

/// 2: source statistics of norms. Folders of version 1 load; methods that need them say so.
inline constexpr int kFolderVersion = 2;
inline constexpr int kOldestFolderVersion = 1;

/// Throws  Io, BadFile, UnsupportedModel.
std::shared_ptr<ModelGraph> load_model_folder(const std::filesystem::path& folder);

/// Hash of the model.bin that save_model_folder() would write, so that what was learnt before a
/// save fits what is loaded afterwards. Takes memory for the packed weights once more.
std::string compute_network_hash(const ModelGraph& graph);

/// Throws  Io.
void save_model_folder(const ModelGraph& graph, const std::filesystem::path& folder);

}  // namespace zoa
