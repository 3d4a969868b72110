// SPDX-License-Identifier: Apache-2.0
// Slots and sites of the engine on real networks: at rest they change nothing, and set they do what
// core/forward.h says. Each is held against another way to get the same numbers.
#include <cmath>

#include <gtest/gtest.h>
#include <openvino/openvino.hpp>

#include "zoa/core/error.h"
#include "zoa/engine/engine.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/runtime_ov.h"
#include "zoa/model/model_ov.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

using test::load_float;
using test::random_batch;

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

std::vector<float> logits_of(const Model& model, const EngineOptions& options, const Batch& batch) {
  Engine engine(model, options);
  engine.begin(batch);
  return copy(engine.pass({}).logits);
}

void expect_near(std::span<const float> values, std::span<const float> wanted, float most) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], wanted[i], most) << "element " << i;
  }
}

// The slot of a kind and layer in a set of values that are neutral elsewhere.
void set_slot(const Engine& engine,
              SlotValues& values,
              const std::string& name,
              std::span<const float> value) {
  const auto& slots = engine.info().slots;
  values.resize(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].name == name) {
      values[i] = value;
      return;
    }
  }
  FAIL() << "no slot " << name;
}

class EngineSlots : public testing::TestWithParam<const char*> {};

TEST_P(EngineSlots, SitesAtRestChangeNothing) {
  const Model model = load_float(GetParam());
  const Batch batch = random_batch(6);
  const auto plain = logits_of(model, {}, batch);
  for (const SiteForm form : {SiteForm::Measured, SiteForm::Diagonal, SiteForm::Matrix}) {
    for (const SiteKind kind : {SiteKind::BlockOutput, SiteKind::LayerInput}) {
      EngineOptions options;
      options.sites = {{kind, form, 8, form == SiteForm::Matrix, 0.5}};
      expect_near(logits_of(model, options, batch), plain, 2e-4F);
    }
  }
}

// Whitens every channel of the last block's output and measures behind it.
TEST_P(EngineSlots, ADiagonalCorrectionMovesMeanAndVariance) {
  EngineOptions options;
  options.sites = {{SiteKind::BlockOutput, SiteForm::Diagonal, 0, false, 0},
                   {SiteKind::BlockOutput, SiteForm::Measured, 0, false, 0}};
  Engine engine(load_float(GetParam()), options);
  engine.begin(random_batch(6));
  const PassOutput before = engine.pass({});
  const std::size_t last = engine.info().sites.size() / 2 - 1;
  const SiteInfo site = engine.info().sites[last];
  const SiteInfo behind = engine.info().sites.back();
  ASSERT_EQ(site.name, behind.name);
  std::vector<float> scale;
  std::vector<float> offset;
  for (std::size_t c = site.offset; c < site.offset + site.channels; ++c) {
    scale.push_back(1.0F / std::sqrt(before.site_variance[c] + 1e-12F));
    offset.push_back(-before.site_mean[c] * scale.back());
  }
  SlotValues values;
  set_slot(engine, values, site.name + ".scale", scale);
  set_slot(engine, values, site.name + ".offset", offset);
  const auto old_mean = copy(before.site_mean);
  const PassOutput after = engine.pass(values);
  for (std::size_t c = 0; c < site.channels; ++c) {
    EXPECT_NEAR(after.site_mean[site.offset + c], old_mean[site.offset + c], 1e-4F);
    EXPECT_NEAR(after.site_mean[behind.offset + c], 0.0F, 1e-3F);
    if (scale[c] < 1e4F) {  // not a channel that is constant
      EXPECT_NEAR(after.site_variance[behind.offset + c], 1.0F, 1e-2F);
    }
  }
}

// Covariance behind x * matrix is matrix^T C matrix, group by group.
TEST_P(EngineSlots, AMatrixTurnsTheCovariance) {
  constexpr std::size_t kGroup = 4;
  EngineOptions options;
  options.sites = {{SiteKind::BlockOutput, SiteForm::Matrix, kGroup, true, 0},
                   {SiteKind::BlockOutput, SiteForm::Measured, kGroup, true, 0}};
  Engine engine(load_float(GetParam()), options);
  engine.begin(random_batch(6));
  const auto before = copy(engine.pass({}).site_covariance);
  const SiteInfo site = engine.info().sites[engine.info().sites.size() / 2 - 1];
  const SiteInfo behind = engine.info().sites.back();
  ASSERT_TRUE(site.covariance.has_value() && behind.covariance.has_value());
  const Rng rng(3, 0, 1);
  std::vector<float> matrix(site.channels * kGroup);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    matrix[i] = static_cast<float>(rng.normal(i));
  }
  SlotValues values;
  set_slot(engine, values, site.name + ".matrix", matrix);
  const PassOutput after = engine.pass(values);
  for (std::size_t g = 0; g < site.channels / kGroup; ++g) {
    const std::size_t block = g * kGroup * kGroup;
    for (std::size_t i = 0; i < kGroup; ++i) {
      for (std::size_t j = 0; j < kGroup; ++j) {
        double wanted = 0;
        for (std::size_t a = 0; a < kGroup * kGroup; ++a) {
          wanted += static_cast<double>(matrix[block + a / kGroup * kGroup + i]) *
                    static_cast<double>(before[site.covariance.value_or(0) + block + a]) *
                    static_cast<double>(matrix[block + a % kGroup * kGroup + j]);
        }
        const std::size_t at = behind.covariance.value_or(0) + block + i * kGroup + j;
        EXPECT_NEAR(after.site_covariance[at], wanted, 1e-3 + 1e-3 * std::fabs(wanted));
      }
    }
  }
}

TEST_P(EngineSlots, TheHeadAloneAnswersAsTheNetwork) {
  EngineOptions options;
  options.taps = options.head = true;
  Engine engine(load_float(GetParam()), options);
  engine.begin(random_batch(4));
  const PassOutput output = engine.pass({});
  const auto logits = copy(output.logits);
  const ModelInfo& info = engine.info();
  const TapInfo& tap = info.taps.back();
  std::vector<float> features;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto row = output.taps.subspan(i * info.tap_width + tap.offset, tap.width);
    features.insert(features.end(), row.begin(), row.end());
  }
  expect_near(engine.run_head(features), logits, 1e-5F);
  EXPECT_GT(engine.cost(), 1.0);
  EXPECT_LT(engine.cost(), 1.2);
  // The weights are those of the head: a step along a feature moves the logits by them.
  for (std::size_t i = 0; i < 4; ++i) {
    features[i * tap.width + 1] += 1.0F;
  }
  const auto moved = copy(engine.run_head(features));
  for (std::size_t k = 0; k < info.classes; ++k) {
    EXPECT_NEAR(moved[k] - logits[k], info.head_weight[k * tap.width + 1], 1e-4F);
  }
}

TEST_P(EngineSlots, CostCountsWhatRunsAgain) {
  EngineOptions options;
  options.norm_slots = true;
  Engine engine(load_float(GetParam()), options);
  engine.begin(random_batch(2));
  engine.pass({});
  EXPECT_EQ(engine.cost(), 1.0);
  engine.pass({});
  EXPECT_NEAR(engine.cost(), 2.0 - engine.prefix_share(), 1e-12);
  EXPECT_GT(engine.prefix_share(), 0.01);
  EXPECT_EQ(engine.passes(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         EngineSlots,
                         testing::Values("vit-layerscale-fused-qkv.onnx",
                                         "vit-separate-qkv.onnx",
                                         "resnet-bn.onnx",
                                         "resnet-groupnorm.onnx",
                                         "bottleneck-resnet.onnx"));

class Prompts : public testing::TestWithParam<const char*> {};

// The stream that the first block reads, of one image.
std::vector<float> first_tokens(const Model& model, const Batch& batch) {
  const auto network = with_batch(model.graph().network, 1);
  const Structure structure = find_structure(network, "test");
  const auto stream = structure.residuals.front().input;
  const auto only =
      std::make_shared<ov::Model>(ov::OutputVector{stream}, network->get_parameters());
  auto request = runtime_core().compile_model(only, "CPU").create_infer_request();
  auto* pixels = const_cast<float*>(batch.pixels.data());
  request.set_input_tensor(
      ov::Tensor(ov::element::f32, {1, batch.channels, batch.height, batch.width}, pixels));
  request.infer();
  const ov::Tensor tokens = request.get_output_tensor();
  return {tokens.data<float>(), tokens.data<float>() + tokens.get_size()};
}

// Every key and value twice leaves every attention as it was.
TEST_P(Prompts, ACopyOfAllTokensChangesNothing) {
  const Model model = load_float(GetParam());
  const Batch batch = random_batch(1);
  const auto tokens = first_tokens(model, batch);
  EngineOptions options;
  options.taps = true;
  const std::size_t width = Engine(model, options).info().taps.back().width;
  options.prompts = tokens.size() / width;
  Engine engine(model, options);
  engine.begin(batch);
  SlotValues values;
  set_slot(engine, values, "prompts", tokens);
  expect_near(engine.pass(values).logits, logits_of(model, {}, batch), 1e-4F);
}

// They have no position: in another order they are the same, and zeros are not nothing.
TEST_P(Prompts, OrderDoesNotMatterAndZerosDo) {
  const Model model = load_float(GetParam());
  const Batch batch = random_batch(3);
  EngineOptions options;
  options.prompts = 2;
  Engine engine(model, options);
  const std::size_t width = engine.info().slots.front().size / 2;
  std::vector<float> prompts(2 * width);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    prompts[i] = std::sin(static_cast<float>(i));
  }
  std::vector<float> turned(prompts.begin() + static_cast<std::ptrdiff_t>(width), prompts.end());
  turned.insert(turned.end(), prompts.begin(),
                prompts.begin() + static_cast<std::ptrdiff_t>(width));
  engine.begin(batch);
  SlotValues values;
  set_slot(engine, values, "prompts", prompts);
  const auto one = copy(engine.pass(values).logits);
  set_slot(engine, values, "prompts", turned);
  expect_near(engine.pass(values).logits, one, 1e-4F);
  const auto zeros = copy(engine.pass({}).logits);
  EXPECT_NE(zeros, one);
  EXPECT_NE(zeros, logits_of(model, {}, batch));
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         Prompts,
                         testing::Values("vit-layerscale-fused-qkv.onnx",
                                         "vit-mul-square.onnx",
                                         "vit-fixed-batch.onnx",
                                         "vit-opset11.onnx",
                                         "vit-noaffine.onnx"));

TEST(Prompts, ACnnHasNoPlaceForThem) {
  EngineOptions options;
  options.prompts = 3;
  EXPECT_THROW(Engine(load_float("resnet-bn.onnx"), options), Error);
}

class NormStatistics : public testing::TestWithParam<const char*> {};

TEST_P(NormStatistics, MixGoesFromShippedToBatch) {
  const Model model = test::make_quantized(GetParam(), test::options_of("w8a8"));
  const Batch batch = random_batch(32);
  EngineOptions options;
  options.threads = 1;  // on more, the runtime's small strided convolutions differ between runs
  options.norm_statistics = true;
  options.norm_mix = true;
  Engine engine(model, options);
  engine.begin(batch);
  const std::vector<float> shipped{0.0F};
  const std::vector<float> of_batch{1.0F};
  SlotValues values;
  set_slot(engine, values, "norms.mix", of_batch);
  EngineOptions batch_form;
  batch_form.threads = 1;
  batch_form.batch_statistics = true;
  expect_near(engine.pass(values).logits, logits_of(model, batch_form, batch), 1e-3F);
  // As shipped: folded into the convolution or applied after it, a quantization step may fall
  // elsewhere.
  set_slot(engine, values, "norms.mix", shipped);
  expect_near(engine.pass(values).logits, logits_of(model, {}, batch), 0.3F);
}

// Given statistics need nothing of the batch: the same answers as with a share of 0.
TEST_P(NormStatistics, WithoutAMixAreThoseGiven) {
  const Model model = test::make_quantized(GetParam(), test::options_of("w8a8"));
  EngineOptions options;
  options.norm_statistics = true;
  Engine engine(model, options);
  const Batch batch = random_batch(8);
  engine.begin(batch);
  expect_near(engine.pass({}).logits, logits_of(model, {}, batch), 0.3F);
  options.norm_mix = true;
  Engine with_mix(model, options);
  with_mix.begin(batch);
  SlotValues values;
  SlotValues mixed;
  const SlotInfo& slot = engine.info().slots.front();
  const std::vector<float> mean(slot.size, 0.25F);
  set_slot(engine, values, slot.name, mean);
  set_slot(with_mix, mixed, slot.name, mean);
  expect_near(engine.pass(values).logits, with_mix.pass(mixed).logits, 0.1F);
}

// The statistics of a batch, measured and given back, are batch statistics.
TEST_P(NormStatistics, MeasuredStatisticsGivenBackAreThoseOfTheBatch) {
  const Model model = test::make_quantized(GetParam(), test::options_of("w8a8"));
  EngineOptions options;
  options.norm_statistics = true;
  options.norm_mix = true;
  options.sites = {{SiteKind::NormInput, SiteForm::Measured, 0, false, 0}};
  Engine engine(model, options);
  engine.begin(random_batch(32));
  const std::vector<float> of_batch{1.0F};
  SlotValues values;
  set_slot(engine, values, "norms.mix", of_batch);
  const PassOutput output = engine.pass(values);
  const auto wanted = copy(output.logits);
  const auto mean = copy(output.site_mean);
  const auto variance = copy(output.site_variance);
  SlotValues given;
  for (const SiteInfo& site : engine.info().sites) {
    const std::string layer = site.name.substr(0, site.name.rfind('.'));
    set_slot(engine, given, layer + ".mean", std::span(mean).subspan(site.offset, site.channels));
    set_slot(engine, given, layer + ".variance",
             std::span(variance).subspan(site.offset, site.channels));
  }
  // The last digits of the statistics differ, so a quantization step may fall elsewhere.
  expect_near(engine.pass(given).logits, wanted, 0.3F);
  // Other statistics would be further off.
  const std::vector<float> doubled(engine.info().sites.front().channels, 2.0F * variance[0] + 1.0F);
  const std::string first = engine.info().sites.front().name;
  set_slot(engine, given, first.substr(0, first.rfind('.')) + ".variance", doubled);
  EXPECT_NE(copy(engine.pass(given).logits), wanted);
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         NormStatistics,
                         testing::Values("resnet-bn.onnx", "resnet-folded.onnx"));

// Half of the image added to itself is the image times one and a half.
TEST(InputFilter, IsAConvolutionAddedToTheImage) {
  const Model model = load_float("resnet-bn.onnx");
  Batch batch = random_batch(3);
  EngineOptions options;
  options.input_filter = true;
  Engine engine(model, options);
  std::vector<float> weights(engine.info().slots.front().size, 0.0F);
  ASSERT_EQ(weights.size(), 441U);
  for (std::size_t c = 0; c < 3; ++c) {
    weights[(c * 3 + c) * 49 + 24] = 0.5F;
  }
  engine.begin(batch);
  expect_near(engine.pass({}).logits, logits_of(model, {}, batch), 1e-5F);
  SlotValues values;
  set_slot(engine, values, "image.filter", weights);
  const auto filtered = copy(engine.pass(values).logits);
  for (float& pixel : batch.pixels) {
    pixel *= 1.5F;
  }
  expect_near(filtered, logits_of(model, {}, batch), 1e-3F);
}

// What a folder keeps of the sites is what an engine measures on the same images.
TEST(SiteStatistics, OfCalibrationImagesFitAnEngineThatMeasuresThem) {
  QuantizeOptions quantize_options = test::options_of("w8a8");
  quantize_options.covariance = true;
  const Model model = test::make_quantized("vit-separate-qkv.onnx", quantize_options);
  EngineOptions options;
  options.sites = {{SiteKind::BlockOutput, SiteForm::Measured, 8, true, 0.5},
                   {SiteKind::LayerInput, SiteForm::Measured, 0, false, 0.5}};
  Engine engine(model, options);
  const test::RandomImages data(test::kImages, test::kSize);
  BatchReader reader(data, 0, model.preprocess(), {.batch = test::kImages});
  Batch batch;
  std::vector<SkippedImage> skipped;
  ASSERT_TRUE(reader.next(batch, skipped));
  engine.begin(batch);
  const PassOutput output = engine.pass({});
  const SourceStats stats = model.stats(false, engine.info());
  expect_near(stats.site_mean, output.site_mean, 1e-4F);
  expect_near(stats.site_variance, output.site_variance, 1e-3F);
  expect_near(stats.site_covariance, output.site_covariance, 1e-3F);
  EXPECT_THROW(test::make_quantized("vit-separate-qkv.onnx", test::options_of("w8a8"))
                   .stats(false, engine.info()),
               Error);
}

}  // namespace
}  // namespace zoa
