// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/description.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

using Json = nlohmann::json;
using Pointer = nlohmann::json_pointer<std::string>;

ModelDescription sample() {
  ModelDescription description;
  description.name = "net";
  description.family = "vit";
  description.blocks = 2;
  description.adapted = {"norm1", "norm2"};
  description.labels = {"cat", "dog"};
  description.quantization.weight_bits = 8;
  description.quantization.exceptions = {{"conv", "float"}};
  description.quantization.drop_measure = "accuracy";
  description.quantization.sensitivity = {{"fc", 1e-3}};
  description.hashes = {{"model.xml", "01"}};
  description.source_hash = "02";
  return description;
}

// The error of the sample with one value changed.
std::pair<ErrorCode, std::string> error_with(const std::string& place, const Json& value) {
  Json json = Json::parse(write_description(sample()));
  json[Pointer(place)] = value;
  return test::error_of([&] { read_description(json.dump(), "zoa.json"); });
}

TEST(Description, RoundTrip) {
  const std::string text = write_description(sample());
  const ModelDescription read = read_description(text, "zoa.json");
  EXPECT_EQ(write_description(read), text);
  EXPECT_EQ(read.labels, sample().labels);
  EXPECT_EQ(read.quantization.exceptions.at(0).bits, "float");
}

TEST(Description, ReadsFilesOfVersion01) {
  Json json = Json::parse(write_description(sample()));
  for (const char* key : {"exceptions", "max_drop", "drop", "drop_measure", "sensitivity"}) {
    json["quantization"].erase(key);
  }
  json["version"] = 1;
  const QuantizationSummary summary = read_description(json.dump(), "zoa.json").quantization;
  EXPECT_TRUE(summary.exceptions.empty());
  EXPECT_EQ(summary.drop, 0);
  EXPECT_EQ(summary.drop_measure, "");
  EXPECT_TRUE(summary.sensitivity.empty());
}

TEST(Description, ValuesThatCannotBeAreABadFile) {
  const std::vector<std::pair<std::string, Json>> cases = {
      {"/version", 0},
      {"/version", 3},
      {"/version", (std::uint64_t{1} << 32U) + 1},  // 1 if its upper half were cut
      {"/version", 1.5},
      {"/blocks", -1},
      {"/blocks", 1e300},
      {"/labels", "cat"},
      {"/adapted", Json::array({1})},
      {"/hashes", Json::array()},
      {"/preprocess", 1},
      {"/preprocess/height", 0},
      {"/preprocess/height", 1e300},
      {"/preprocess/mean", Json::array({1, 2})},
      {"/preprocess/interpolation", "bictbic"},
      {"/preprocess/crop_pct", 2},
      {"/quantization/weight_bits", 1ULL << 40U},
      {"/quantization/kept", 1},
      {"/quantization/exceptions", Json::array({1})},
      {"/quantization/drop", "much"},
  };
  for (const auto& [place, value] : cases) {
    const auto [code, text] = error_with(place, value);
    EXPECT_EQ(code, ErrorCode::BadFile) << place << " " << value;
    EXPECT_TRUE(text.starts_with("zoa.json: ")) << text;
  }
}

TEST(Description, DeepNestingIsABadFile) {
  std::string text = write_description(sample());
  const std::string list = R"("exceptions": [)";
  const std::size_t deep = 1'000'000;
  text.insert(text.find(list) + list.size(), std::string(deep, '[') + std::string(deep, ']') + ",");
  EXPECT_EQ(test::error_of([&] { read_description(text, "zoa.json"); }).first, ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
