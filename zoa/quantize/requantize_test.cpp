// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/float_reason_ov.h"
#include "zoa/graph/quantizers_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/quantize/requantize_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

// onnxruntime's QDQ: u8 codes with a zero point in steps of 4 / 255; at 64 the range is [-1, 3].
toy::Value quantized(const toy::Value& value, float zero) {
  const auto codes = std::make_shared<op::v0::FakeQuantize>(
      value, make_constant({}, {-zero * 4 / 255}), make_constant({}, {(255 - zero) * 4 / 255}),
      make_constant({}, {0.0F}), make_constant({}, {255.0F}), 256);
  const auto stored = std::make_shared<op::v0::Convert>(codes, ov::element::u8);
  const auto as_float = std::make_shared<op::v0::Convert>(stored, ov::element::f32);
  const auto centred = std::make_shared<op::v1::Subtract>(as_float, make_constant({}, {zero}));
  return std::make_shared<op::v1::Multiply>(centred, make_constant({}, {4.0F / 255}))->output(0);
}

// One tensor (1, 2, 5, 4) as q (scaled), k and v, with quantizers before and after the transpose
// of k; `other` reads the quantized tensor too.
struct Attention {
  std::shared_ptr<ov::Model> model;
  NodePtr scores;
  NodePtr mixed;
  NodePtr other;
};

Attention attention(float zero = 64) {
  const auto input = toy::parameter({1, 2, 5, 4});
  const toy::Value first = quantized(input->output(0), zero);
  const auto turned = std::make_shared<op::v1::Transpose>(first, make_indices({0, 1, 3, 2}));
  const toy::Value key = quantized(turned->output(0), zero);
  const auto query = std::make_shared<op::v1::Multiply>(first, make_constant({}, {0.5F}));
  const auto scores = std::make_shared<op::v0::MatMul>(query, key);
  const auto softmax = std::make_shared<op::v8::Softmax>(scores, -1);
  const auto low = make_constant({}, {0.0F});
  const auto high = make_constant({}, {1.0F});
  const auto probability =
      std::make_shared<op::v0::FakeQuantize>(softmax, low, high, low, high, 256);
  const auto mixed = std::make_shared<op::v0::MatMul>(probability, first);
  const auto other = std::make_shared<op::v0::Relu>(first);
  const auto sum = std::make_shared<op::v1::Add>(mixed, other);
  return {toy::model(sum->output(0), {input}), scores, mixed, other};
}

std::vector<std::string> reasons(const std::shared_ptr<ov::Model>& model) {
  std::vector<std::string> texts;
  for (const Product& product : find_products(model)) {
    texts.push_back(float_reason(product));
  }
  return texts;
}

TEST(RequantizeAttentionGraph, TakesTheZeroPointsOfQueryKeyAndValue) {
  const Attention toy = attention();
  for (const std::string& reason : reasons(toy.model)) {
    EXPECT_NE(reason.find("zero point"), std::string::npos) << reason;
  }
  EXPECT_EQ(requantize_attention(toy.model), 3U);
  for (const std::string& reason : reasons(toy.model)) {
    EXPECT_EQ(reason, "");
  }
  EXPECT_EQ(requantize_attention(toy.model), 0U);
}

TEST(RequantizeAttentionGraph, CoversTheFilesRangeWithOneQuantizerOnThePath) {
  const Attention toy = attention();
  requantize_attention(toy.model);
  const auto key = find_quantizer(toy.scores->input_value(1));
  const auto value = find_quantizer(toy.mixed->input_value(1));
  if (!key || !value) {
    GTEST_FAIL() << "no quantizer";
  }
  EXPECT_EQ(key->quantize, value->quantize);  // the second one on k's path only repeated the first
  EXPECT_TRUE(key->is_symmetric());
  EXPECT_NEAR(key->high.front(), 191.0 * 4 / 255, 1e-5);  // the larger side of the file's range
  EXPECT_LE(key->low.front(), -64.0 * 4 / 255);
}

TEST(RequantizeAttentionGraph, LeavesOtherReadersAndTheSoftmaxAlone) {
  const Attention toy = attention();
  const auto probability = toy.mixed->input_value(0);
  const auto other = toy.other->input_value(0);
  requantize_attention(toy.model);
  EXPECT_EQ(toy.mixed->input_value(0), probability);
  EXPECT_EQ(toy.other->input_value(0), other);
}

// Zero point 128: the grid stays, but the runtime has nothing left to subtract.
TEST(RequantizeAttentionGraph, StoresSymmetricCodesSigned) {
  const Attention toy = attention(128);
  const auto before = toy::run(toy.model);
  EXPECT_EQ(requantize_attention(toy.model), 3U);
  EXPECT_EQ(toy.mixed->get_input_node_ptr(1)->get_type_info().name, std::string("FakeQuantize"));
  EXPECT_LE(toy::difference(toy::run(toy.model), before), 1e-5F);
}

TEST(RequantizeAttentionGraph, AnswersWithinAStepOfTheFile) {
  const Attention toy = attention();
  const auto before = toy::run(toy.model);
  requantize_attention(toy.model);
  EXPECT_LE(toy::difference(toy::run(toy.model), before), 0.05F);  // a step of v: 3 / 127
}

}  // namespace
}  // namespace zoa
