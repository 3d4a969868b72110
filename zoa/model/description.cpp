// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/description.h"

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/core/version.h"
#include "zoa/model/folder_ov.h"

namespace zoa {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const PreprocessSpec& spec) {
  return {{"height", spec.height},
          {"width", spec.width},
          {"channels", spec.channels},
          {"divisor", spec.divisor},
          {"mean", spec.mean},
          {"std", spec.std},
          {"interpolation", spec.interpolation},
          {"crop_pct", spec.crop_pct}};
}

PreprocessSpec preprocess_from(const Json& json) {
  PreprocessSpec spec;
  spec.height = json.at("height");
  spec.width = json.at("width");
  spec.channels = json.at("channels");
  spec.divisor = json.at("divisor");
  spec.mean = json.at("mean").get<std::array<float, 3>>();
  spec.std = json.at("std").get<std::array<float, 3>>();
  spec.interpolation = json.at("interpolation");
  spec.crop_pct = json.at("crop_pct");
  check_preprocess(spec);
  return spec;
}

Json to_json(const QuantizationSummary& summary) {
  Json exceptions = Json::array();
  for (const LayerException& layer : summary.exceptions) {
    exceptions.push_back({{"name", layer.name}, {"bits", layer.bits}});
  }
  Json sensitivity = Json::array();
  for (const LayerDivergence& layer : summary.sensitivity) {
    sensitivity.push_back({{"name", layer.name}, {"divergence", layer.divergence}});
  }
  return {{"weight_bits", summary.weight_bits},
          {"activation_bits", summary.activation_bits},
          {"kept", summary.kept},
          {"reduced_range", summary.reduced_range},
          {"quantized", summary.quantized},
          {"products", summary.products},
          {"calibration", summary.calibration},
          {"calibration_images", summary.calibration_images},
          {"calibration_hash", summary.calibration_hash},
          {"cpu", summary.cpu},
          {"isa", summary.isa},
          {"exceptions", exceptions},
          {"max_drop", summary.max_drop},
          {"drop", summary.drop},
          {"drop_measure", summary.drop_measure},
          {"sensitivity", sensitivity}};
}

QuantizationSummary summary_from(const Json& json) {
  QuantizationSummary summary;
  summary.weight_bits = json.at("weight_bits");
  summary.activation_bits = json.at("activation_bits");
  summary.kept = json.at("kept");
  summary.reduced_range = json.at("reduced_range");
  summary.quantized = json.at("quantized");
  summary.products = json.at("products");
  summary.calibration = json.at("calibration");
  summary.calibration_images = json.at("calibration_images");
  summary.calibration_hash = json.at("calibration_hash");
  summary.cpu = json.at("cpu");
  summary.isa = json.at("isa");
  for (const Json& layer : json.value("exceptions", Json::array())) {  // version 0.1 had none
    summary.exceptions.push_back({layer.at("name"), layer.at("bits")});
  }
  summary.max_drop = json.value("max_drop", 0.0);
  summary.drop = json.value("drop", 0.0);
  summary.drop_measure = json.value("drop_measure", "");
  for (const Json& layer : json.value("sensitivity", Json::array())) {
    summary.sensitivity.push_back({layer.at("name"), layer.at("divergence")});
  }
  return summary;
}

}  // namespace

std::string write_description(const ModelDescription& description) {
  const Json json{{"format", "zoa model folder"},
                  {"version", kFolderVersion},
                  {"zoa", kVersion},
                  {"name", description.name},
                  {"family", description.family},
                  {"blocks", description.blocks},
                  {"adapted", description.adapted},
                  {"preprocess", to_json(description.preprocess)},
                  {"labels", description.labels},
                  {"quantization", to_json(description.quantization)},
                  {"hashes", description.hashes},
                  {"source_hash", description.source_hash}};
  return json.dump(2) + "\n";
}

ModelDescription read_description(const std::string& text, const std::string& where) {
  try {
    const Json json = Json::parse(text);
    const int version = json.at("version");
    if (version != kFolderVersion) {
      fail(ErrorCode::BadFile, where, ": folder version ", version, "; this zoa reads version ",
           kFolderVersion, ": quantize the model again");
    }
    ModelDescription description;
    description.name = json.at("name");
    description.family = json.at("family");
    description.blocks = json.at("blocks");
    description.adapted = json.at("adapted").get<std::vector<std::string>>();
    description.preprocess = preprocess_from(json.at("preprocess"));
    description.labels = json.at("labels").get<std::vector<std::string>>();
    description.quantization = summary_from(json.at("quantization"));
    description.hashes = json.at("hashes").get<std::map<std::string, std::string>>();
    description.source_hash = json.at("source_hash");
    return description;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::BadFile, where, ": not a model description: ", error.what());
  }
}

}  // namespace zoa
