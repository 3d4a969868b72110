// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/model.h"

#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/graph/import_ov.h"
#include "zoa/model/folder_ov.h"

namespace zoa {

namespace {

std::size_t dimension(const ModelGraph& graph, std::size_t axis) {
  return static_cast<std::size_t>(graph.network->input(0).get_partial_shape()[axis].get_length());
}

void check_input_size(const ModelGraph& graph, const std::string& where) {
  const PreprocessSpec& spec = graph.preprocess;
  if (static_cast<std::size_t>(spec.channels) != dimension(graph, 1) ||
      static_cast<std::size_t>(spec.height) != dimension(graph, 2) ||
      static_cast<std::size_t>(spec.width) != dimension(graph, 3)) {
    fail(ErrorCode::BadFile, where, ": the preprocessing makes ", spec.channels, "x", spec.height,
         "x", spec.width, ", the network takes ", dimension(graph, 1), "x", dimension(graph, 2),
         "x", dimension(graph, 3));
  }
}

}  // namespace

bool has_batch_norm(const Structure& structure) {
  return std::any_of(structure.norms.begin(), structure.norms.end(), [](const Norm& norm) {
    return norm.kind == NormKind::BatchNorm || norm.kind == NormKind::FoldedBatchNorm;
  });
}

Model::Model(std::shared_ptr<const ModelGraph> graph) : graph_(std::move(graph)) {}

Model Model::from_file(const std::filesystem::path& path, const PreprocessSpec& preprocess) {
  auto graph = std::make_shared<ModelGraph>();
  graph->network = import_model(path);
  graph->name = path.stem().string();
  graph->source_hash = hash128_file(path.string());
  graph->hash = graph->source_hash;
  graph->structure = find_structure(graph->network, path.string());
  graph->preprocess = preprocess;
  check_input_size(*graph, path.string());
  return Model(graph);
}

Model Model::load(const std::filesystem::path& folder) {
  auto graph = load_model_folder(folder);
  check_input_size(*graph, folder.string());
  return Model(graph);
}

bool Model::is_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

void Model::save(const std::filesystem::path& folder) const {
  save_model_folder(*graph_, folder);
}

const std::string& Model::name() const {
  return graph_->name;
}
const std::string& Model::hash() const {
  return graph_->hash;
}
Family Model::family() const {
  return graph_->structure.family;
}
bool Model::has_batch_norm() const {
  return zoa::has_batch_norm(graph_->structure);
}
const PreprocessSpec& Model::preprocess() const {
  return graph_->preprocess;
}
const std::vector<std::string>& Model::labels() const {
  return graph_->labels;
}
const QuantizationSummary& Model::quantization() const {
  return graph_->quantization;
}

std::size_t Model::classes() const {
  return channels_of(graph_->structure.logits, -1);
}

const SourceStats& Model::stats(bool batch_statistics) const {
  return batch_statistics && has_batch_norm() ? graph_->batch_stats : graph_->source_stats;
}

SourceStats Model::stats(bool batch_statistics, const ModelInfo& engine) const {
  SourceStats picked = stats(batch_statistics);
  pick_site_stats(graph_->sites, engine, picked);
  return picked;
}

ModelInfo Model::info() const {
  const Structure& structure = graph_->structure;
  ModelInfo info;
  info.name = graph_->name;
  info.family = structure.family;
  info.classes = classes();
  for (const TapPoint& tap : structure.taps) {
    info.taps.push_back({tap.name, info.tap_width, tap.width});
    info.tap_width += tap.width;
  }
  info.stem_channels = stem_shape(structure.stem).channels;
  info.has_batch_norm = has_batch_norm();
  info.weight_bits = graph_->quantization.weight_bits;
  info.activation_bits = graph_->quantization.activation_bits;
  return info;
}

InputSize read_input_size(const std::filesystem::path& path) {
  const auto network = import_model(path);
  const auto& shape = network->input(0).get_partial_shape();
  return {static_cast<int>(shape[2].get_length()), static_cast<int>(shape[3].get_length()),
          static_cast<int>(shape[1].get_length())};
}

}  // namespace zoa
