// SPDX-License-Identifier: Apache-2.0
// Small networks in the spellings of exporters, quantized to 8 bits and below: every product is,
// and the logits follow those of the float network.
#include <cmath>

#include <gtest/gtest.h>

#include "zoa/core/test_folder.h"
#include "zoa/engine/engine.h"
#include "zoa/quantize/quantize.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

using test::kImages;
using test::load_float;
using test::logits_of;
using test::make_quantized;
using test::options_of;

struct Network {
  const char* file;
  std::size_t products;
};

void PrintTo(const Network& network, std::ostream* out) {
  *out << network.file;
}  // NOLINT(readability-identifier-naming): GoogleTest's name

// Of two sets of logits, each round its mean per class: what all images share counts for nothing.
double correlation(const std::vector<float>& a, const std::vector<float>& b, std::size_t classes) {
  const std::size_t images = a.size() / classes;
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    double mean_a = 0;
    double mean_b = 0;
    for (std::size_t i = k; i < a.size(); i += classes) {
      mean_a += static_cast<double>(a[i]) / static_cast<double>(images);
      mean_b += static_cast<double>(b[i]) / static_cast<double>(images);
    }
    for (std::size_t i = k; i < a.size(); i += classes) {
      const double x = static_cast<double>(a[i]) - mean_a;
      const double y = static_cast<double>(b[i]) - mean_b;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
  }
  return ab / std::sqrt(aa * bb);
}

class QuantizeNetwork : public testing::TestWithParam<Network> {};

TEST_P(QuantizeNetwork, AnswersAsTheFloatNetworkTheCloserTheMoreBits) {
  const TestFolder folder;
  const Model plain = load_float(GetParam().file);
  const auto wanted = logits_of(plain);
  const std::pair<const char*, double> least[] = {
      {"w8a8", 0.99}, {"w6a6", 0.98}, {"w4a4", 0.85}, {"w2a4", 0.65}};
  double before = 1;
  for (const auto& [bits, bound] : least) {
    QuantizeOptions options = options_of(bits);
    options.calib_file = folder.file("calib");
    QuantizeReport report;
    const Model model = make_quantized(GetParam().file, options, &report);
    EXPECT_EQ(report.from_file, bits != std::string("w8a8"));
    EXPECT_EQ(report.images, kImages);
    EXPECT_EQ(report.layers.size(), GetParam().products);
    EXPECT_EQ(model.quantization().products, GetParam().products);
    EXPECT_EQ(model.quantization().quantized, GetParam().products);
    const double found = correlation(logits_of(model), wanted, plain.classes());
    EXPECT_GT(found, bound) << bits;
    EXPECT_LT(found, before) << bits;
    before = found;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         QuantizeNetwork,
                         testing::Values(Network{"vit-separate-qkv.onnx", 26},
                                         Network{"vit-layerscale-fused-qkv.onnx", 20},
                                         Network{"resnet-bn.onnx", 12},
                                         Network{"resnet-folded.onnx", 12},
                                         Network{"bottleneck-resnet.onnx", 17}));

}  // namespace
}  // namespace zoa
