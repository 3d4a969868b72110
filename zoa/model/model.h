// SPDX-License-Identifier: Apache-2.0
// What a user holds: a network with its preprocessing, labels and source statistics. On disk it is
// the folder NAME.zoa: model.xml + model.bin (a plain OpenVINO IR that any OpenVINO tool runs),
// zoa.json and source.safetensors. Values are cheap to copy: copies share the network.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/image/preprocess.h"

namespace zoa {

/// A layer whose bit widths differ from the network's.
struct LayerException {
  std::string name;
  std::string bits;  ///< "w8a8", "float"
};

/// What quantizing one layer alone does to the answers.
struct LayerDivergence {
  std::string name;
  double divergence = 0;  ///< nats per image, from the float network's answers
};

/// How the network was quantized; goes into zoa.json and records.
struct QuantizationSummary {
  int weight_bits = 32;  ///< 32 = float
  int activation_bits = 32;
  bool kept = false;           ///< quantized elsewhere, taken as it is
  bool reduced_range = false;  ///< 7-bit weights, for CPUs whose 8-bit products can saturate
  std::size_t quantized =
      0;  ///< convolutions, linear layers and attention products on quantized inputs
  std::size_t products = 0;  ///< all of them
  std::string calibration;   ///< data, as given
  std::size_t calibration_images = 0;
  std::string calibration_hash;  ///< hash of the data's names, sizes and labels
  std::string cpu;               ///< where it was made
  std::string isa;
  std::vector<LayerException> exceptions;    ///< layers at other widths
  double max_drop = 0;                       ///< asked for, a share; 0 = not
  double drop = 0;                           ///< measured on calibration images
  std::string drop_measure;                  ///< "accuracy", "changed answers"; "" = not measured
  std::vector<LayerDivergence> sensitivity;  ///< worst layer first; empty = not measured
};

struct ModelGraph;  // model_ov.h

class Model {
 public:
  /// Reads a network file (.onnx, .xml, .tflite): no statistics, preprocessing as given.
  /// Throws  Io, BadFile, LimitExceeded, UnsupportedModel.
  static Model from_file(const std::filesystem::path& path, const PreprocessSpec& preprocess);

  /// Reads a model folder. Sizes and hashes are checked.
  /// Throws  Io, BadFile (what is missing or damaged), UnsupportedModel.
  static Model load(const std::filesystem::path& folder);

  /// True if the path is a model folder (or looks like one: has zoa.json).
  static bool is_folder(const std::filesystem::path& path);

  /// Writes the folder; an existing one is replaced file by file, zoa.json last.
  /// Throws  Io.
  void save(const std::filesystem::path& folder) const;

  const std::string& name() const;
  const std::string& hash() const;  ///< of the weights' file, also of one not written yet
  Family family() const;
  std::size_t classes() const;
  bool has_batch_norm() const;
  const PreprocessSpec& preprocess() const;
  const std::vector<std::string>& labels() const;
  const QuantizationSummary& quantization() const;
  /// Statistics of clean data; empty where they were not collected.
  /// batch_statistics  as the network runs with BatchNorms on batch statistics (networks without
  ///                   BatchNorm have one set for both)
  const SourceStats& stats(bool batch_statistics) const;
  /// The same with what was collected at the sites of an engine.
  /// Throws  StateMismatch where that was not collected.
  SourceStats stats(bool batch_statistics, const ModelInfo& engine) const;
  /// Family, widths and names, without slots, sites and the head: what a method is chosen by.
  ModelInfo info() const;

  explicit Model(std::shared_ptr<const ModelGraph> graph);
  const ModelGraph& graph() const { return *graph_; }  ///< for the modules that know the runtime

 private:
  std::shared_ptr<const ModelGraph> graph_;
};

/// Height, width and channels that a network file asks for.
struct InputSize {
  int height = 0;
  int width = 0;
  int channels = 0;
};
InputSize read_input_size(const std::filesystem::path& path);

}  // namespace zoa
