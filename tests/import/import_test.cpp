// SPDX-License-Identifier: Apache-2.0
// Small networks in the spellings that exporters and quantizers use: each is recognised for what it
// is, and slots with neutral values leave its logits alone.
// Made by tools/make_import_fixtures.py.
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/engine/engine.h"
#include "zoa/engine/inspect.h"
#include "zoa/image/preprocess.h"
#include "zoa/model/model.h"

namespace zoa {
namespace {

constexpr int kSize = 16;
constexpr std::size_t kImages = 3;

struct Fixture {
  const char* file;
  Family family;
  std::size_t blocks;
  std::size_t norms;
  std::size_t adapted;
  const char* kind;        ///< of every norm
  std::size_t parameters;  ///< of the adapted norms
  bool quantized = false;
};

void PrintTo(const Fixture& fixture, std::ostream* out) {
  *out << fixture.file;
}  // NOLINT(readability-identifier-naming): GoogleTest's name

// A ViT adapts blocks 1 to (3/4 of all), two norms each. The CNNs have stages of 2, 1 and 1 blocks
// of width 8, 16 and 16 and adapt stage1.1 and stage2.0, two norms each.
const Fixture kFixtures[] = {
    {"vit-opset11.onnx", Family::Vit, 4, 9, 4, "LayerNorm", 128},
    {"vit-mul-square.onnx", Family::Vit, 3, 7, 4, "LayerNorm", 128},
    {"vit-noaffine.onnx", Family::Vit, 3, 7, 4, "LayerNorm", 128},
    {"vit-layerscale-fused-qkv.onnx", Family::Vit, 3, 7, 4, "LayerNorm", 128},
    {"vit-separate-qkv.onnx", Family::Vit, 3, 7, 4, "LayerNorm", 128},
    {"vit-fixed-batch.onnx", Family::Vit, 3, 7, 4, "LayerNorm", 128},
    {"vit-qdq.onnx", Family::Vit, 2, 5, 2, "LayerNorm", 64, true},
    {"vit-nncf.xml", Family::Vit, 2, 5, 2, "LayerNorm", 64, true},
    {"resnet-bn.onnx", Family::Cnn, 4, 11, 4, "BatchNorm", 96},
    {"resnet-folded.onnx", Family::Cnn, 4, 11, 4, "BatchNorm (folded)", 96},
    {"resnet-groupnorm.onnx", Family::Cnn, 4, 11, 4, "GroupNorm", 96},
    {"bottleneck-resnet.onnx", Family::Cnn, 4, 16, 4, "BatchNorm", 96},
    {"resnet-qdq.onnx", Family::Cnn, 4, 11, 4, "BatchNorm (folded)", 96, true},
    {"resnet-tflite.tflite", Family::Cnn, 4, 11, 4, "BatchNorm (folded)", 96},
};

Model load(const Fixture& fixture) {
  const auto path = std::filesystem::path(ZOA_SOURCE_DIR "/tests/data/models") / fixture.file;
  return Model::from_file(path, preset("imagenet", kSize, kSize));
}

Batch random_batch() {
  Batch batch;
  batch.count = kImages;
  batch.channels = 3;
  batch.height = batch.width = kSize;
  batch.pixels.resize(kImages * 3 * kSize * kSize);
  batch.ids = {0, 1, 2};
  batch.labels.assign(kImages, -1);
  std::mt19937 numbers(7);
  std::normal_distribution<float> normal;
  for (float& pixel : batch.pixels) {
    pixel = normal(numbers);
  }
  return batch;
}

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

void expect_close(const std::vector<float>& values, const std::vector<float>& reference) {
  ASSERT_EQ(values.size(), reference.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], reference[i], 1e-4F) << "logit " << i;
  }
}

EngineOptions all_slots() {
  EngineOptions options;
  options.norm_slots = options.shift_slot = options.taps = options.stem = true;
  options.threads = 1;
  return options;
}

class ImportTest : public testing::TestWithParam<Fixture> {};

TEST_P(ImportTest, FindsTheStructure) {
  const Fixture& fixture = GetParam();
  const Model model = load(fixture);
  EXPECT_EQ(model.family(), fixture.family);
  EXPECT_EQ(model.classes(), 10U);
  const Inspection facts = inspect(model);
  EXPECT_EQ(facts.blocks, fixture.blocks);
  EXPECT_EQ(facts.adapted_parameters, fixture.parameters);
  ASSERT_EQ(facts.norms.size(), fixture.norms);
  std::size_t adapted = 0;
  for (const NormFacts& norm : facts.norms) {
    EXPECT_EQ(norm.kind, fixture.kind) << norm.layer;
    adapted += norm.adapted ? 1U : 0U;
  }
  EXPECT_EQ(adapted, fixture.adapted);
}

// The affine of the file is the neutral value of the slots: random weights are never 1 and 0.
TEST_P(ImportTest, FindsTheAffine) {
  const Fixture& fixture = GetParam();
  const Model model = load(fixture);
  if (fixture.kind == std::string("BatchNorm (folded)")) {
    GTEST_SKIP() << "a folded BatchNorm has source statistics instead";
  }
  const bool affine = fixture.file != std::string("vit-noaffine.onnx");
  const Engine engine(model, all_slots());
  for (const SlotInfo& slot : engine.info().slots) {
    if (slot.kind == SlotKind::FeatureShift) {
      continue;
    }
    const float plain = slot.kind == SlotKind::NormGamma ? 1.0F : 0.0F;
    const bool neutral = slot.neutral == std::vector<float>(slot.size, plain);
    EXPECT_EQ(neutral, !affine) << slot.name;
  }
}

TEST_P(ImportTest, NeutralSlotsChangeNothing) {
  const Fixture& fixture = GetParam();
  if (fixture.quantized) {
    GTEST_SKIP() << "a step of a quantizer is larger than any useful tolerance";
  }
  if (fixture.kind == std::string("BatchNorm (folded)")) {
    GTEST_SKIP() << "its slots need source statistics, which only a model folder has";
  }
  const Model model = load(fixture);
  const Batch batch = random_batch();
  EngineOptions plain_options;
  plain_options.threads = 1;
  Engine plain(model, plain_options);
  plain.begin(batch);
  const std::vector<float> reference = copy(plain.pass({}).logits);
  ASSERT_EQ(reference.size(), kImages * 10);

  Engine engine(model, all_slots());
  engine.begin(batch);
  const SlotValues neutral(engine.info().slots.size());
  const PassOutput output = engine.pass(neutral);
  expect_close(copy(output.logits), reference);
  expect_close(copy(output.answer), reference);
  EXPECT_EQ(output.taps.size(), kImages * engine.info().tap_width);
  EXPECT_EQ(engine.stem().mean.size(), engine.info().stem_channels);
}

// The answer for an image does not depend on the others: also where the file fixes a batch of 1.
TEST_P(ImportTest, ImagesAreIndependent) {
  const Fixture& fixture = GetParam();
  const Model model = load(fixture);
  EngineOptions options;
  options.threads = 1;
  Engine engine(model, options);
  const Batch batch = random_batch();
  engine.begin(batch);
  const std::vector<float> together = copy(engine.pass({}).logits);
  std::vector<float> apart;
  for (std::size_t i = 0; i < kImages; ++i) {
    Batch one = batch;
    const auto size = static_cast<std::ptrdiff_t>(batch.pixels.size() / kImages);
    const auto begin = batch.pixels.begin() + static_cast<std::ptrdiff_t>(i) * size;
    one.count = 1;
    one.pixels.assign(begin, begin + size);
    one.ids = {static_cast<std::int64_t>(i)};
    one.labels = {-1};
    engine.begin(one);
    const std::vector<float> logits = copy(engine.pass({}).logits);
    apart.insert(apart.end(), logits.begin(), logits.end());
  }
  if (!fixture.quantized) {
    expect_close(apart, together);
  }
  EXPECT_EQ(apart.size(), together.size());
}

std::string test_name(const testing::TestParamInfo<Fixture>& info) {
  std::string name = std::filesystem::path(info.param.file).stem().string();
  for (char& letter : name) {
    letter = letter == '-' ? '_' : letter;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, ImportTest, testing::ValuesIn(kFixtures), test_name);

}  // namespace
}  // namespace zoa
