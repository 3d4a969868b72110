// SPDX-License-Identifier: Apache-2.0
// What LayerNorms give before gamma and beta, measured on a real network: the sites of the method
// align.
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/engine/engine.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

using test::random_batch;

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

void expect_near(std::span<const float> values, std::span<const float> wanted, float most) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], wanted[i], most) << "element " << i;
  }
}

class Normalised : public testing::TestWithParam<const char*> {};

// Means alone are those of the whole measurement; what a LayerNorm gives has mean 0 and variance 1
// over the channels, the token's norms behind the last attention included.
TEST_P(Normalised, MeansAloneAreThoseOfTheWholeMeasurement) {
  const Model model = test::make_quantized(GetParam(), test::options_of("w8a8"));
  EngineOptions whole;
  whole.sites = {{SiteKind::Normalised, SiteForm::Measured, 0, false, 0, true, true}};
  EngineOptions means = whole;
  means.sites[0].variance = false;
  Engine with_variance(model, whole);
  Engine alone(model, means);
  const Batch batch = random_batch(6);
  with_variance.begin(batch);
  alone.begin(batch);
  const PassOutput wanted = with_variance.pass({});
  const PassOutput output = alone.pass({});
  expect_near(output.site_mean, wanted.site_mean, 1e-5F);
  expect_near(output.site_spread, wanted.site_spread, 1e-5F);
  ASSERT_FALSE(alone.info().sites.empty());
  for (const SiteInfo& site : alone.info().sites) {
    double mean = 0;
    double power = 0;
    for (std::size_t c = site.offset; c < site.offset + site.channels; ++c) {
      const auto m = static_cast<double>(wanted.site_mean[c]);
      mean += m / static_cast<double>(site.channels);
      power += (static_cast<double>(wanted.site_variance[c]) + m * m) /
               static_cast<double>(site.channels);
      EXPECT_EQ(output.site_variance[c], 0.0F);
      EXPECT_LE(wanted.site_spread[c], wanted.site_variance[c] + 1e-5F);
    }
    EXPECT_NEAR(mean, 0, 1e-4) << site.name;
    EXPECT_NEAR(power, 1, 1e-2) << site.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         Normalised,
                         testing::Values("vit-separate-qkv.onnx",
                                         "vit-layerscale-fused-qkv.onnx",
                                         "resnet-groupnorm.onnx"));

// Behind the last attention the head reads the class token alone.
TEST(NormalisedSlots, TheLastNormsOfAClassTokenAreMeasuredThere) {
  EngineOptions options;
  options.sites = {{SiteKind::Normalised, SiteForm::Measured, 0, false, 0, false, true}};
  const Engine token(test::load_float("vit-layerscale-fused-qkv.onnx"), options);
  const Engine mean(test::load_float("vit-separate-qkv.onnx"), options);
  const auto& sites = token.info().sites;
  ASSERT_GE(sites.size(), 4U);
  EXPECT_GT(sites[sites.size() - 3].positions, 1U);  // before the attention
  EXPECT_EQ(sites[sites.size() - 2].positions, 1U);
  EXPECT_EQ(sites.back().positions, 1U);
  EXPECT_GT(mean.info().sites.back().positions, 1U);
}

// Where norms have slots, those alone are measured, and what is measured does not depend on the
// slots of its own norm.
TEST(NormalisedSlots, NormsWithSlotsAreMeasuredBeforeThem) {
  const Model model = test::make_quantized("vit-separate-qkv.onnx", test::options_of("w8a8"));
  EngineOptions options;
  options.norm_slots = true;
  options.adapt = "blocks.1.norm1";
  options.sites = {{SiteKind::Normalised, SiteForm::Measured, 0, false, 0, false, true}};
  Engine engine(model, options);
  ASSERT_EQ(engine.info().sites.size(), 1U);
  EXPECT_EQ(engine.info().sites[0].name, "blocks.1.norm1.normalised");
  engine.begin(random_batch(6));
  const auto before = copy(engine.pass({}).site_mean);
  const std::vector<float> beta(engine.info().sites[0].channels, 3.0F);
  SlotValues values(engine.info().slots.size());
  ASSERT_EQ(engine.info().slots[1].name, "blocks.1.norm1.beta");
  values[1] = beta;
  EXPECT_EQ(copy(engine.pass(values).site_mean), before);
}

}  // namespace
}  // namespace zoa
