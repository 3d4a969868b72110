// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/import_ov.h"
#include "zoa/graph/quantizers_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/graph/wide_quantizers_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

constexpr std::int64_t kChannels = 6;

// Range of a 16-bit quantizer per tensor or per channel.
struct Range {
  ov::Shape shape;
  std::vector<float> low;
  std::vector<float> high;
};

const Range kPerTensor{{}, {-0.5F}, {0.4F}};
const Range kPerChannel{
    {1, 6}, {-0.5F, -0.4F, -0.3F, -0.6F, -0.2F, -0.5F}, {0.5F, 0.1F, 0.3F, 0.4F, 0.5F, 0.6F}};

using Quantizer = std::function<toy::Value(const toy::Value&, const Range&)>;

toy::Value fake_quantize(const toy::Value& value, const Range& range) {
  const auto low = make_constant(range.shape, range.low);
  const auto high = make_constant(range.shape, range.high);
  return std::make_shared<op::v0::FakeQuantize>(value, low, high, low, high, 65536)->output(0);
}

// QDQ with signed codes: zero point and scale that make the same range.
toy::Value quantize_dequantize(const toy::Value& value, const Range& range) {
  const auto low = make_constant(range.shape, range.low);
  const auto high = make_constant(range.shape, range.high);
  const auto codes = std::make_shared<op::v0::FakeQuantize>(
      value, low, high, make_constant({}, {-32768.0F}), make_constant({}, {32767.0F}), 65536);
  const auto stored = std::make_shared<op::v0::Convert>(codes, ov::element::i16);
  const auto as_float = std::make_shared<op::v0::Convert>(stored, ov::element::f32);
  std::vector<float> zero;
  std::vector<float> scale;
  for (std::size_t i = 0; i < range.low.size(); ++i) {
    scale.push_back((range.high[i] - range.low[i]) / 65535.0F);
    zero.push_back(-32768.0F - range.low[i] / scale.back());
  }
  const auto centred =
      std::make_shared<op::v1::Subtract>(as_float, make_constant(range.shape, zero));
  return std::make_shared<op::v1::Multiply>(centred, make_constant(range.shape, scale))->output(0);
}

std::shared_ptr<ov::Model> network(const Quantizer& quantizer, const Range& range) {
  const auto input = toy::parameter({5, kChannels});
  return toy::model(quantizer(input->output(0), range), {input});
}

// What 16 bits make of toy::run's input, computed here in double.
std::vector<float> expected(const Range& range) {
  std::vector<float> result;
  for (std::size_t i = 0; i < 5 * kChannels; ++i) {
    const std::size_t channel = range.low.size() == 1 ? 0 : i % kChannels;
    const auto low = static_cast<double>(range.low[channel]);
    const auto high = static_cast<double>(range.high[channel]);
    const double step = (high - low) / 65535;
    const double x = std::sin(1.7 * static_cast<double>(i * i + 1));
    result.push_back(
        static_cast<float>(std::round((std::clamp(x, low, high) - low) / step) * step + low));
  }
  return result;
}

class WideQuantizers : public testing::TestWithParam<std::pair<Quantizer, Range>> {};

TEST_P(WideQuantizers, ClipAndRoundOnTheRuntime) {
  const auto& [quantizer, range] = GetParam();
  const auto model = network(quantizer, range);
  EXPECT_EQ(keep_wide_quantizers(model), 1U);
  fold_constants(model);
  EXPECT_EQ(toy::count(*model, "FakeQuantize"), 1U);
  EXPECT_EQ(toy::count(*model, "Convert"), 0U);
  // One step is 1.4e-5 to 1.8e-5; the input reaches from -1 to 1, so clipping shows in tenths.
  EXPECT_LE(toy::difference(toy::run(model), expected(range)), 2e-5F);
  for (const auto& node : model->get_ops()) {
    EXPECT_NE(levels_of(*node), 65536U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms,
    WideQuantizers,
    testing::Values(std::pair<Quantizer, Range>{fake_quantize, kPerTensor},
                    std::pair<Quantizer, Range>{fake_quantize, kPerChannel},
                    std::pair<Quantizer, Range>{quantize_dequantize, kPerTensor},
                    std::pair<Quantizer, Range>{quantize_dequantize, kPerChannel}));

// The reason for all this. Should it fail after an update of OpenVINO, the pass can go.
TEST(WideQuantizersRuntime, DropsTheQuantizerAsItStands) {
  const auto input = toy::parameter({5, kChannels});
  const auto quantized = fake_quantize(input->output(0), kPerTensor);
  const auto model = toy::model(std::make_shared<op::v0::Relu>(quantized)->output(0), {input});
  const std::vector<float> values = toy::run(model);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), kPerTensor.high.front() + 0.3F);
}

TEST(WideQuantizersRuntime, LeavesEightBitsAlone) {
  const auto input = toy::parameter({2, 3});
  const auto low = make_constant({}, {-1.0F});
  const auto high = make_constant({}, {1.0F});
  const auto quantized = std::make_shared<op::v0::FakeQuantize>(input, low, high, low, high, 256);
  EXPECT_EQ(keep_wide_quantizers(toy::model(quantized->output(0), {input})), 0U);
}

// Weights of 16 bits: folded to what their codes mean, the last code included.
TEST(WideQuantizersRuntime, ComputesWeightsExactly) {
  const auto input = toy::parameter({1, 4});
  const auto low = make_constant({}, {-0.5F});
  const auto high = make_constant({}, {0.5F});
  const auto weights = std::make_shared<op::v0::FakeQuantize>(
      make_constant({4, 2}, {0.9F, 0.00001F, -0.7F, 0.1F, 0.2F, 0.5F, -0.1F, 0.3F}), low, high, low,
      high, 65536);
  const auto product = std::make_shared<op::v0::MatMul>(input, weights);
  const auto model = toy::model(product->output(0), {input});
  keep_wide_quantizers(model);
  fold_constants(model);
  EXPECT_EQ(toy::count(*model, "FakeQuantize"), 0U);
  const auto folded =
      constant_values(model->output(0).get_node()->input_value(0).get_node()->input_value(1));
  const std::vector<float> values = folded.value_or(std::vector<float>(8));
  EXPECT_NEAR(values[0], 0.5F, 1e-7F);     // clipped to the last code
  EXPECT_NEAR(values[1], 7.6e-6F, 1e-7F);  // half a step: zero is no code of this range
  EXPECT_NEAR(values[2], -0.5F, 1e-7F);
}

}  // namespace
}  // namespace zoa
