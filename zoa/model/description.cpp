// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/description.h"

#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/core/version.h"
#include "zoa/model/folder_ov.h"

namespace zoa {

namespace {

using Json = nlohmann::ordered_json;  // for writing
using ReadJson = nlohmann::json;      // finds keys fast, however many there are

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

// The fields of one object of the file. Files come from outside: a number that does not fit is
// refused, where nlohmann would cut it.
class Fields {
 public:
  Fields(const ReadJson& json, const std::string& where) : json_(json), where_(where) {}

  const ReadJson& at(const char* key) const { return json_.at(key); }
  Fields object(const char* key) const { return {json_.at(key), where_}; }

  template <class Number>
  Number whole(const char* key) const {
    const ReadJson& value = json_.at(key);
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
      fail(ErrorCode::BadFile, where_, ": '", key, "' is ",
           value.is_number() ? value.dump() : value.type_name(), ", expected 0 .. ", kMost);
    }
    return value.get<Number>();
  }

  double number_or_zero(const char* key) const {
    return json_.contains(key) ? json_.at(key).get<double>() : 0.0;
  }

  std::string text_or_empty(const char* key) const {
    return json_.contains(key) ? json_.at(key).get<std::string>() : "";
  }

  // Empty if it is not there, as in files of version 0.1.
  const ReadJson& list(const char* key) const {
    static const ReadJson kEmpty = ReadJson::array();
    return json_.contains(key) ? json_.at(key) : kEmpty;
  }

  const std::string& where() const { return where_; }

 private:
  const ReadJson& json_;
  const std::string& where_;
};

PreprocessSpec preprocess_from(const Fields& fields) {
  PreprocessSpec spec;
  spec.height = fields.whole<int>("height");
  spec.width = fields.whole<int>("width");
  spec.channels = fields.whole<int>("channels");
  spec.divisor = fields.at("divisor");
  spec.mean = fields.at("mean").get<std::array<float, 3>>();
  spec.std = fields.at("std").get<std::array<float, 3>>();
  spec.interpolation = fields.at("interpolation");
  spec.crop_pct = fields.at("crop_pct");
  try {
    check_preprocess(spec);
  } catch (const Error& error) {
    fail(ErrorCode::BadFile, fields.where(), ": ", error.what());
  }
  return spec;
}

QuantizationSummary summary_from(const Fields& fields) {
  QuantizationSummary summary;
  summary.weight_bits = fields.whole<int>("weight_bits");
  summary.activation_bits = fields.whole<int>("activation_bits");
  summary.kept = fields.at("kept");
  summary.reduced_range = fields.at("reduced_range");
  summary.quantized = fields.whole<std::size_t>("quantized");
  summary.products = fields.whole<std::size_t>("products");
  summary.calibration = fields.at("calibration");
  summary.calibration_images = fields.whole<std::size_t>("calibration_images");
  summary.calibration_hash = fields.at("calibration_hash");
  summary.cpu = fields.at("cpu");
  summary.isa = fields.at("isa");
  for (const ReadJson& layer : fields.list("exceptions")) {
    summary.exceptions.push_back({layer.at("name"), layer.at("bits")});
  }
  summary.max_drop = fields.number_or_zero("max_drop");
  summary.drop = fields.number_or_zero("drop");
  summary.drop_measure = fields.text_or_empty("drop_measure");
  for (const ReadJson& layer : fields.list("sensitivity")) {
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
    const ReadJson json = ReadJson::parse(text);
    const Fields fields(json, where);
    const int version = fields.whole<int>("version");
    if (version < kOldestFolderVersion || version > kFolderVersion) {
      fail(ErrorCode::BadFile, where, ": folder version ", version, "; this zoa reads versions ",
           kOldestFolderVersion, " to ", kFolderVersion, ": quantize the model again");
    }
    ModelDescription description;
    description.name = fields.at("name");
    description.family = fields.at("family");
    description.blocks = fields.whole<std::size_t>("blocks");
    description.adapted = fields.at("adapted").get<std::vector<std::string>>();
    description.preprocess = preprocess_from(fields.object("preprocess"));
    description.labels = fields.at("labels").get<std::vector<std::string>>();
    description.quantization = summary_from(fields.object("quantization"));
    description.hashes = fields.at("hashes").get<std::map<std::string, std::string>>();
    description.source_hash = fields.at("source_hash");
    return description;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::BadFile, where, ": not a model description: ", error.what());
  }
}

}  // namespace zoa
