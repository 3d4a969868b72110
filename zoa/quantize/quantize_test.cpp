// SPDX-License-Identifier: Apache-2.0
// The quantizer as a whole, on two small networks; tests/conformance has more of them.
#include "zoa/quantize/quantize.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "zoa/core/file.h"
#include "zoa/core/test_error.h"
#include "zoa/core/test_folder.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/kernels_ov.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

using test::error_of;
using test::kImages;
using test::kSize;
using test::load_float;
using test::logits_of;
using test::make_quantized;
using test::options_of;

constexpr char kVit[] = "vit-separate-qkv.onnx";
constexpr char kCnn[] = "resnet-bn.onnx";

// Weights and source statistics as they lie on disk (the other files hold names, which count up).
std::vector<Bytes> saved_numbers(const Model& model) {
  const TestFolder folder;
  model.save(folder.file("saved.zoa"));
  std::vector<Bytes> files;
  for (const char* name : {"model.bin", "source.safetensors"}) {
    files.push_back(read_file(folder.file("saved.zoa") + "/" + name, 1U << 30U));
    EXPECT_FALSE(files.back().empty()) << name;
  }
  return files;
}

// Each network once at w4a6. Never destroyed: at exit the runtime is gone before its graphs would
// be.
struct Quantized {
  Model model;
  QuantizeReport report;
};
const Quantized& low_bits(const std::string& file) {
  static auto* made = new std::map<std::string, Quantized>();
  const auto found = made->find(file);
  if (found != made->end()) {
    return found->second;
  }
  QuantizeReport report;
  const Model model = make_quantized(file, options_of("w4a6"), &report);
  return made->emplace(file, Quantized{model, report}).first->second;
}

class QuantizeNetwork : public testing::TestWithParam<const char*> {};

TEST_P(QuantizeNetwork, ConstantWeightsRunOnInt8Kernels) {
  const auto kernels = list_kernels(low_bits(GetParam()).model.graph());
  EXPECT_EQ(kernels.size(), low_bits(GetParam()).report.layers.size());
  for (const KernelFacts& kernel : kernels) {
    EXPECT_TRUE(kernel.int8 || kernel.kind == "attention") << kernel.layer << ": " << kernel.reason;
  }
}

// Adaptation works on gamma and beta of the paper, whatever equalization does behind the norm.
TEST_P(QuantizeNetwork, NormsKeepTheirGammaAndBeta) {
  const Model plain = load_float(GetParam());
  const auto& [model, report] = low_bits(GetParam());
  const auto& wanted = plain.graph().structure.norms;
  const auto& found = model.graph().structure.norms;
  ASSERT_EQ(found.size(), wanted.size());
  ASSERT_GT(found.size(), 3U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].layer, wanted[i].layer);
    EXPECT_EQ(found[i].kind, wanted[i].kind);
    EXPECT_EQ(found[i].adapted, wanted[i].adapted);
    EXPECT_FALSE(found[i].gamma.empty());
    EXPECT_EQ(found[i].gamma, wanted[i].gamma) << found[i].layer;
    EXPECT_EQ(found[i].beta, wanted[i].beta) << found[i].layer;
  }
  const bool equalized = std::any_of(report.layers.begin(), report.layers.end(),
                                     [](const QuantizedLayer& layer) { return layer.equalized; });
  EXPECT_EQ(equalized, model.family() == Family::Vit);
}

TEST_P(QuantizeNetwork, SlotsAtRestChangeNothing) {
  const Model& model = low_bits(GetParam()).model;
  EngineOptions slots;
  slots.norm_slots = slots.shift_slot = slots.taps = slots.stem = true;
  const auto plain = logits_of(model);
  const auto found = logits_of(model, slots);
  ASSERT_EQ(found.size(), plain.size());
  std::size_t moved = 0;  // a value at a tie of a quantizer may fall on its other side
  for (std::size_t i = 0; i < plain.size(); ++i) {
    moved += std::abs(found[i] - plain[i]) > 1e-4F ? 1U : 0U;
  }
  EXPECT_LE(moved, plain.size() / 10);
}

TEST_P(QuantizeNetwork, ComesBackFromDiskWithTheSameAnswers) {
  const TestFolder folder;
  const Model& model = low_bits(GetParam()).model;
  model.save(folder.file("saved.zoa"));
  const Model back = Model::load(folder.file("saved.zoa"));
  EXPECT_EQ(logits_of(back), logits_of(model));
  EXPECT_EQ(back.quantization().weight_bits, 4);
  EXPECT_EQ(back.quantization().activation_bits, 6);
  EXPECT_EQ(back.quantization().exceptions.size(), model.quantization().exceptions.size());
}

TEST_P(QuantizeNetwork, FirstAndLastLayerFollowTheFamilysRule) {
  const auto& [model, report] = low_bits(GetParam());
  const bool cnn = model.family() == Family::Cnn;
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const QuantizedLayer& layer = report.layers[i];
    const bool first = i == 0;
    const bool last = i + 1 == report.layers.size();
    const bool attention = layer.kind == "attention";
    EXPECT_EQ(layer.weight_bits, cnn && (first || last) ? 8 : attention ? 32 : 4) << layer.name;
    EXPECT_EQ(layer.activation_bits, first || (cnn && last) ? 8 : 6) << layer.name;
  }
  EXPECT_EQ(model.quantization().exceptions.size(), cnn ? 2U : 1U);
}

// Written at another width, then read.
TEST_P(QuantizeNetwork, TheStatisticsFileGivesTheSameNetwork) {
  const TestFolder folder;
  QuantizeOptions options = options_of("w8a8");
  options.calib_file = folder.file("calib");
  QuantizeReport report;
  make_quantized(GetParam(), options, &report);
  EXPECT_FALSE(report.from_file);
  options.bits = "w4a6";
  const Model model = make_quantized(GetParam(), options, &report);
  EXPECT_TRUE(report.from_file);
  EXPECT_EQ(report.images, kImages);
  EXPECT_TRUE(saved_numbers(model) == saved_numbers(low_bits(GetParam()).model));
}

TEST_P(QuantizeNetwork, WeightsDoNotDependOnThreads) {
  QuantizeOptions options = options_of("w4a6");
  options.threads = 2;
  const Model model = make_quantized(GetParam(), options);
  EXPECT_TRUE(saved_numbers(model)[0] == saved_numbers(low_bits(GetParam()).model)[0]);
}

TEST(QuantizeMethods, AreSwitchedOffByOptions) {
  const auto& report = low_bits(kVit).report;
  const auto count = [](const QuantizeReport& of, bool QuantizedLayer::* flag) {
    return std::count_if(of.layers.begin(), of.layers.end(),
                         [&](const QuantizedLayer& layer) { return layer.*flag; });
  };
  EXPECT_GT(count(report, &QuantizedLayer::equalized), 0);
  EXPECT_GT(count(report, &QuantizedLayer::twin), 0);
  QuantizeOptions options = options_of("w4a6");
  options.equalize = options.twin = false;
  QuantizeReport plain;
  make_quantized(kVit, options, &plain);
  EXPECT_EQ(count(plain, &QuantizedLayer::equalized), 0);
  EXPECT_EQ(count(plain, &QuantizedLayer::twin), 0);

  options = options_of("w4a6");
  options.reconstruct = false;
  EXPECT_FALSE(saved_numbers(make_quantized(kCnn, options))[0] ==
               saved_numbers(low_bits(kCnn).model)[0]);
}

INSTANTIATE_TEST_SUITE_P(Networks, QuantizeNetwork, testing::Values(kVit, kCnn));

std::pair<ErrorCode, std::string> error_of_quantizing(const std::string& file,
                                                      const QuantizeOptions& options) {
  return error_of([&] { make_quantized(file, options); });
}

TEST(QuantizeRules, TheLastMatchingRuleWins) {
  QuantizeOptions options = options_of("w8a8");
  options.layers = {"^linear=w4a6", "^attention=float", "^convolution=w3a5", "^conv=w6a7"};
  QuantizeReport report;
  const Model model = make_quantized(kVit, options, &report);
  std::size_t kinds[3] = {};
  for (const QuantizedLayer& layer : report.layers) {
    if (layer.kind == "attention") {
      EXPECT_FALSE(layer.quantized);
      EXPECT_NE(layer.reason.find("rule"), std::string::npos) << layer.reason;
      ++kinds[0];
    } else if (layer.kind == "linear") {
      EXPECT_EQ(layer.weight_bits, 4);
      EXPECT_EQ(layer.activation_bits, 6);
      ++kinds[1];
    } else {
      EXPECT_EQ(layer.weight_bits, 6);
      EXPECT_EQ(layer.activation_bits, 7);
      ++kinds[2];
    }
  }
  EXPECT_TRUE(kinds[0] > 0 && kinds[1] > 0 && kinds[2] > 0);
  EXPECT_EQ(model.quantization().exceptions.size(), report.layers.size());
  EXPECT_EQ(model.quantization().quantized, kinds[1] + kinds[2]);
}

TEST(QuantizeRules, OverrideFirstAndLastLayerByName) {
  const std::string head = low_bits(kCnn).report.layers.back().name;
  QuantizeOptions options = options_of("w4a6");
  options.layers = {"^linear " + head + "$=w2a3"};
  QuantizeReport report;
  make_quantized(kCnn, options, &report);
  EXPECT_EQ(report.layers.back().weight_bits, 2);
  EXPECT_EQ(report.layers.back().activation_bits, 3);
  EXPECT_EQ(report.layers.front().weight_bits, 8);
}

TEST(QuantizeRules, OneThatMatchesNothingIsAnError) {
  QuantizeOptions options = options_of("w4a4");
  options.layers = {"linear=w8a8", "no such layer=w8a8"};
  const auto [code, text] = error_of_quantizing(kCnn, options);
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("'no such layer=w8a8'"), std::string::npos) << text;
  EXPECT_NE(text.find("12 layers"), std::string::npos) << text;
}

TEST(QuantizeOptionsCheck, BadOnesAreRefused) {
  const auto with = [](const std::function<void(QuantizeOptions&)>& change) {
    QuantizeOptions options = options_of("w8a8");
    change(options);
    return error_of_quantizing(kCnn, options).first;
  };
  EXPECT_EQ(with([](auto& o) { o.bits = "w9a8"; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.range = "entropy"; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.target = "arm"; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.reduce_range = "maybe"; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.layers = {"head"}; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.calib_size = 1; }), ErrorCode::InvalidArgument);
  EXPECT_EQ(with([](auto& o) { o.batch = 0; }), ErrorCode::InvalidArgument);
}

TEST(QuantizeCalibration, AFileOfOtherImagesOrAnotherNetworkIsRefused) {
  const TestFolder folder;
  QuantizeOptions options = options_of("w8a8");
  options.calib_file = folder.file("calib");
  make_quantized(kCnn, options);
  EXPECT_EQ(error_of_quantizing("resnet-folded.onnx", options).first, ErrorCode::StateMismatch);
  options.calib_size = 8;
  EXPECT_EQ(error_of_quantizing(kCnn, options).first, ErrorCode::StateMismatch);
}

TEST(QuantizeCalibration, SpoiltImagesAreLeftOutAndCounted) {
  test::RandomImages data(10, kSize);
  data.spoil({1, 4, 5});
  QuantizeReport report;
  quantize(load_float(kCnn), {data, 0}, options_of("w8a8"), &report);
  EXPECT_EQ(report.images, 7U);
  EXPECT_EQ(report.skipped, 3U);
  data.spoil({0, 1, 2, 3, 4, 5, 6, 7, 8});
  try {
    quantize(load_float(kCnn), {data, 0}, options_of("w8a8"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
    EXPECT_NE(std::string(error.what()).find("9 of 10"), std::string::npos) << error.what();
  }
}

// What was learnt on a network that is not saved yet must fit the saved one, and no other.
TEST(Quantize, HashIsThatOfTheSavedFolder) {
  const TestFolder folder;
  std::set<std::string> hashes;
  for (const char* file : {"vit-opset11.onnx", "resnet-bn.onnx"}) {
    for (const char* bits : {"w8a8", "w4a4"}) {
      const Model made = test::make_quantized(file, test::options_of(bits));
      made.save(folder.file("net.zoa"));
      EXPECT_EQ(made.hash(), Model::load(folder.file("net.zoa")).hash()) << file << " " << bits;
      hashes.insert(made.hash());
    }
  }
  EXPECT_EQ(4U, hashes.size());
}

}  // namespace
}  // namespace zoa
