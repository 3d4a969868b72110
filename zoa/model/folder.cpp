// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <sstream>

#include <openvino/openvino.hpp>
#include <openvino/pass/serialize.hpp>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/core/safetensors.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/packed_weights_ov.h"
#include "zoa/graph/runtime_ov.h"
#include "zoa/model/description.h"
#include "zoa/model/folder_ov.h"

namespace zoa {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDescriptionBytes = 16U << 20U;
constexpr std::size_t kMaxStatsBytes = 1U << 30U;
constexpr char kDescriptionFile[] = "zoa.json";
constexpr char kStatsFile[] = "source.safetensors";
constexpr char kXmlFile[] = "model.xml";
constexpr char kBinFile[] = "model.bin";

void put_stats(Safetensors& file, const std::string& prefix, const SourceStats& stats) {
  if (stats.samples == 0) {
    return;
  }
  file.tensors[prefix + ".tap_mean"] = make_tensor(std::span<const float>(stats.tap_mean));
  file.tensors[prefix + ".tap_std"] = make_tensor(std::span<const float>(stats.tap_std));
  file.metadata[prefix + ".samples"] = std::to_string(stats.samples);
}

SourceStats take_stats(const Safetensors& file,
                       const std::string& prefix,
                       std::size_t width,
                       const std::string& where) {
  SourceStats stats;
  const auto samples = file.metadata.find(prefix + ".samples");
  if (samples == file.metadata.end()) {
    return stats;
  }
  stats.samples = std::strtoull(samples->second.c_str(), nullptr, 10);
  stats.tap_mean = take_f32(file, prefix + ".tap_mean", where);
  stats.tap_std = take_f32(file, prefix + ".tap_std", where);
  if (stats.tap_mean.size() != width || stats.tap_std.size() != width) {
    fail(ErrorCode::StateMismatch, where, ": statistics of ", stats.tap_mean.size(),
         " features; this network has ", width);
  }
  return stats;
}

std::size_t tap_width(const Structure& structure) {
  std::size_t width = 0;
  for (const TapPoint& tap : structure.taps) {
    width += tap.width;
  }
  return width;
}

void save_stats(const ModelGraph& graph, const fs::path& path) {
  Safetensors file;
  file.metadata["format"] = "zoa source statistics";
  put_stats(file, "source", graph.source_stats);
  put_stats(file, "batch", graph.batch_stats);
  for (const auto& [name, stats] : graph.folded) {
    file.tensors["folded." + name + ".mean"] = make_tensor(std::span<const float>(stats.mean));
    file.tensors["folded." + name + ".std"] = make_tensor(std::span<const float>(stats.std));
  }
  put_site_stats(file, graph.sites);
  write_file_atomic(path.string(), write_safetensors(file));
}

void load_stats(ModelGraph& graph, const fs::path& path) {
  const std::string where = path.string();
  const Safetensors file = read_safetensors(read_file(where, kMaxStatsBytes), where);
  const std::size_t width = tap_width(graph.structure);
  graph.source_stats = take_stats(file, "source", width, where);
  graph.batch_stats = take_stats(file, "batch", width, where);
  graph.sites = take_site_stats(file, where);
  for (const Norm& norm : graph.structure.norms) {
    if (norm.kind == NormKind::FoldedBatchNorm) {
      const std::string key = "folded." + norm.graph_name;
      graph.folded[norm.graph_name] = {take_f32(file, key + ".mean", where),
                                       take_f32(file, key + ".std", where)};
    }
  }
}

// Preprocessing and labels where other OpenVINO tools look for them.
void write_model_info(const std::shared_ptr<ov::Model>& network, const ModelGraph& graph) {
  const PreprocessSpec& spec = graph.preprocess;
  const auto join = [](const auto& values, float factor) {
    std::ostringstream text;
    for (std::size_t i = 0; i < values.size(); ++i) {
      text << (i > 0 ? " " : "") << values[i] * factor;
    }
    return text.str();
  };
  std::string labels;
  for (std::string label : graph.labels) {
    std::replace(label.begin(), label.end(), ' ', '_');
    labels += (labels.empty() ? "" : " ") + label;
  }
  const auto set = [&](const char* key, const std::string& value) {
    network->set_rt_info(value, "model_info", key);
  };
  set("model_type", "Classification");
  set("labels", labels);
  set("mean_values", join(spec.mean, spec.divisor));
  set("scale_values", join(spec.std, spec.divisor));
  set("resize_type", "crop");
  set("reverse_input_channels", "NO");
}

void save_network(const ModelGraph& graph, const fs::path& folder) {
  // Written under other names first, so that a full disk leaves an existing folder whole.
  const auto copy = graph.network->clone();
  write_model_info(copy, graph);
  pack_weights(copy);
  const fs::path xml = folder / "model.new.xml";
  const fs::path bin = folder / "model.new.bin";
  std::string failure;
  try {
    ov::pass::Serialize(xml.string(), bin.string()).run_on_model(copy);
  } catch (const std::exception& error) {
    failure = runtime_text(error);
  }
  std::error_code error;
  const auto space = fs::space(folder, error);
  if (!failure.empty() || !fs::exists(bin) || !fs::exists(xml)) {
    fs::remove(xml, error);
    fs::remove(bin, error);
    fail(ErrorCode::Io, folder.string(), ": cannot write the network (", space.available,
         " bytes free): ", failure);
  }
  fs::rename(bin, folder / kBinFile);
  fs::rename(xml, folder / kXmlFile);
}

void check_hash(const ModelDescription& description, const fs::path& path) {
  const auto found = description.hashes.find(path.filename().string());
  if (found == description.hashes.end()) {
    fail(ErrorCode::BadFile, path.string(), ": zoa.json has no hash of this file");
  }
  const std::string hash = hash128_file(path.string());
  if (hash != found->second) {
    fail(ErrorCode::BadFile, path.string(), ": hash ", hash, ", zoa.json says ", found->second,
         "; the folder is damaged or was edited: quantize the model again");
  }
}

}  // namespace

std::shared_ptr<ModelGraph> load_model_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    fail(ErrorCode::Io, folder.string(), ": no such folder");
  }
  if (!fs::is_directory(folder, error) || !fs::exists(folder / kDescriptionFile, error)) {
    fail(ErrorCode::BadFile, folder.string(),
         ": not a model folder (no zoa.json); make one with 'zoa quantize MODEL -o NAME.zoa'");
  }
  const std::string where = (folder / kDescriptionFile).string();
  const Bytes text = read_file(where, kMaxDescriptionBytes);
  const ModelDescription description =
      read_description(std::string(text.begin(), text.end()), where);
  for (const char* file : {kXmlFile, kBinFile, kStatsFile}) {
    check_hash(description, folder / file);
  }
  auto graph = std::make_shared<ModelGraph>();
  graph->network = import_model(folder / kXmlFile);
  graph->name = description.name;
  graph->source_hash = description.hashes.at(kBinFile);
  graph->hash = graph->source_hash;
  graph->structure = find_structure(graph->network, folder.string());
  graph->preprocess = description.preprocess;
  graph->labels = description.labels;
  graph->quantization = description.quantization;
  load_stats(*graph, folder / kStatsFile);
  return graph;
}

std::string compute_network_hash(const ModelGraph& graph) {
  const auto copy = graph.network->clone();
  pack_weights(copy);
  std::ostringstream xml;
  std::ostringstream bin;
  ov::pass::Serialize(xml, bin).run_on_model(copy);
  const std::string bytes = std::move(bin).str();
  return hash128({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

void save_model_folder(const ModelGraph& graph, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    fail(ErrorCode::Io, folder.string(), ": cannot be made: ", error.message());
  }
  save_network(graph, folder);
  save_stats(graph, folder / kStatsFile);
  ModelDescription description;
  description.name = graph.name;
  description.family = graph.structure.family == Family::Vit ? "vit" : "cnn";
  description.blocks = graph.structure.blocks;
  for (const Norm& norm : graph.structure.norms) {
    if (norm.adapted) {
      description.adapted.push_back(norm.layer);
    }
  }
  description.preprocess = graph.preprocess;
  description.labels = graph.labels;
  description.quantization = graph.quantization;
  description.source_hash = graph.source_hash;
  for (const char* file : {kXmlFile, kBinFile, kStatsFile}) {
    description.hashes[file] = hash128_file((folder / file).string());
  }
  write_file_atomic((folder / kDescriptionFile).string(), write_description(description));
}

}  // namespace zoa
