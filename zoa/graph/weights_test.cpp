// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/import_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/graph/weights_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

// x (2, 3) times u8 weights (3, 2) with a zero point per output channel and one scale.
std::shared_ptr<ov::Model> quantized_product(const std::vector<std::uint8_t>& zero) {
  const auto input = toy::parameter({2, 3});
  const auto weights = op::v0::Constant::create(ov::element::u8, {3, 2},
                                                std::vector<std::uint8_t>{0, 255, 128, 7, 130, 90});
  const auto point = op::v0::Constant::create(ov::element::u8, {1, zero.size()}, zero);
  const auto as_float = std::make_shared<op::v0::Convert>(weights, ov::element::f32);
  const auto zero_float = std::make_shared<op::v0::Convert>(point, ov::element::f32);
  const auto centred = std::make_shared<op::v1::Subtract>(as_float, zero_float);
  const auto scaled = std::make_shared<op::v1::Multiply>(centred, make_constant({}, {0.02F}));
  return toy::model(std::make_shared<op::v0::MatMul>(input, scaled)->output(0), {input});
}

TEST(NormalizeWeights, TakesTheZeroPointIntoTheIntegers) {
  const auto model = quantized_product({128, 128});
  const auto before = toy::run(model);
  EXPECT_EQ(normalize_quantized_weights(model), 1U);
  EXPECT_EQ(toy::count(*model, "Subtract"), 0U);
  EXPECT_LE(toy::difference(toy::run(model), before), 1e-6F);
}

TEST(NormalizeWeights, ZeroPointPerChannel) {
  const auto model = quantized_product({100, 130});
  const auto before = toy::run(model);
  // Column 1 holds 255, 7, 90: minus 130 it fits; column 0 holds 0, 128, 130: minus 100 it fits
  // too.
  EXPECT_EQ(normalize_quantized_weights(model), 1U);
  EXPECT_LE(toy::difference(toy::run(model), before), 1e-6F);
}

TEST(NormalizeWeights, LeavesWhatDoesNotFitInEightBits) {
  const auto model = quantized_product({128, 3});  // 255 - 3 > 127
  EXPECT_EQ(normalize_quantized_weights(model), 0U);
  EXPECT_EQ(toy::count(*model, "Subtract"), 1U);
}

// Convolution (out 2, in 3, 1x1) on weights with a zero point per output channel.
TEST(NormalizeWeights, ConvolutionsToo) {
  for (const bool fits : {true, false}) {
    const auto input = toy::parameter({1, 3, 2, 2});
    const std::vector<std::uint8_t> codes{0, 255, 128, 7, 130, 90};
    const auto weights = op::v0::Constant::create(ov::element::u8, {2, 3, 1, 1}, codes);
    const std::vector<std::uint8_t> zero{128, static_cast<std::uint8_t>(fits ? 10 : 200)};
    const auto point = op::v0::Constant::create(ov::element::u8, {2, 1, 1, 1}, zero);
    const auto centred = std::make_shared<op::v1::Subtract>(
        std::make_shared<op::v0::Convert>(weights, ov::element::f32),
        std::make_shared<op::v0::Convert>(point, ov::element::f32));
    const auto scaled =
        std::make_shared<op::v1::Multiply>(centred, make_constant({2, 1, 1, 1}, {0.02F, 0.01F}));
    const ov::CoordinateDiff none{0, 0};
    const auto product = std::make_shared<op::v1::Convolution>(input, scaled, ov::Strides{1, 1},
                                                               none, none, ov::Strides{1, 1});
    const auto model = toy::model(product->output(0), {input});
    const auto before = toy::run(model);
    EXPECT_EQ(normalize_quantized_weights(model), fits ? 1U : 0U);
    EXPECT_LE(toy::difference(toy::run(model), before), 1e-5F);
  }
}

// Weights (2, 2 groups, 4) with a zero point per group: the axes of the zero points are not one
// run.
TEST(NormalizeWeights, ZeroPointPerGroup) {
  for (const auto& type : {ov::element::u8, ov::element::u4}) {
    const auto input = toy::parameter({2, 8});
    const auto weights = op::v0::Constant::create(
        type, {2, 2, 4},
        std::vector<std::uint8_t>{0, 15, 8, 7, 3, 9, 1, 2, 14, 5, 6, 11, 4, 10, 12, 13});
    const auto point =
        op::v0::Constant::create(type, {2, 2, 1}, std::vector<std::uint8_t>{8, 3, 1, 12});
    const auto centred = std::make_shared<op::v1::Subtract>(
        std::make_shared<op::v0::Convert>(weights, ov::element::f32),
        std::make_shared<op::v0::Convert>(point, ov::element::f32));
    const auto scaled = std::make_shared<op::v1::Multiply>(centred, make_constant({}, {0.1F}));
    const auto matrix = std::make_shared<op::v1::Reshape>(scaled, make_indices({2, 8}), false);
    const auto product = std::make_shared<op::v0::MatMul>(input, matrix, false, true);
    const auto model = toy::model(product->output(0), {input});
    const auto before = toy::run(model->clone());
    EXPECT_EQ(normalize_quantized_weights(model), 1U) << type;
    EXPECT_LE(toy::difference(toy::run(model), before), 1e-5F) << type;
  }
}

// Weights of `type` with float zero points in a shape and scales, as a graph of constants.
std::shared_ptr<ov::Model> weights_model(const ov::element::Type& type,
                                         const ov::Shape& shape,
                                         const std::vector<int>& values,
                                         const std::shared_ptr<op::v0::Constant>& zero) {
  const auto input = toy::parameter({1});
  const auto weights = op::v0::Constant::create(type, shape, values);
  ov::Output<ov::Node> value = std::make_shared<op::v0::Convert>(weights, ov::element::f32);
  if (zero != nullptr) {
    value = std::make_shared<op::v1::Subtract>(value, zero);
  }
  value = std::make_shared<op::v1::Multiply>(value, make_constant({}, {0.3F}));
  return toy::model(std::make_shared<op::v1::Add>(input, value)->output(0), {input});
}

struct Centred {
  std::vector<int> values;
  float scale = 0;
};

// What the rewrite left: i8 constant, Convert, Multiply.
Centred centred_weights(const ov::Model& model) {
  const NodePtr add = model.output(0).get_node()->get_input_node_shared_ptr(0);
  const NodePtr multiply = add->get_input_node_shared_ptr(1);
  const auto& weights = dynamic_cast<const op::v0::Constant&>(
      *multiply->get_input_node_ptr(0)->get_input_node_ptr(0));
  EXPECT_EQ(weights.get_element_type(), ov::element::i8);
  return {weights.cast_vector<int>(), *scalar_value(multiply->input_value(1))};
}

TEST(NormalizeWeights, PackedTypesWithZeroPointsAndWithout) {
  const auto zero = make_constant({2, 1}, {3.0F, 0.0F});
  for (const auto& type : {ov::element::u2, ov::element::u4, ov::element::i4, ov::element::u8}) {
    const auto model = weights_model(type, {2, 3}, {0, 1, 2, 3, 2, 1}, zero);
    EXPECT_EQ(normalize_quantized_weights(model), 1U) << type;
    EXPECT_EQ(centred_weights(*model).values, (std::vector<int>{-3, -2, -1, 3, 2, 1})) << type;
    EXPECT_EQ(centred_weights(*model).scale, 0.3F);
  }
  const auto plain = weights_model(ov::element::i4, {2, 3}, {-8, 7, 2, 3, -2, 1}, nullptr);
  EXPECT_EQ(normalize_quantized_weights(plain), 1U);
  EXPECT_EQ(centred_weights(*plain).values, (std::vector<int>{-8, 7, 2, 3, -2, 1}));
}

TEST(NormalizeWeights, HalfZeroPointsDoubleTheValues) {
  const auto zero = make_constant({1, 3}, {1.5F, 1.5F, 0.5F});
  const auto model = weights_model(ov::element::u2, {2, 3}, {0, 1, 2, 3, 2, 1}, zero);
  EXPECT_EQ(normalize_quantized_weights(model), 1U);
  EXPECT_EQ(centred_weights(*model).values, (std::vector<int>{-3, -1, 3, 3, 1, 1}));
  EXPECT_EQ(centred_weights(*model).scale, 0.15F);
}

TEST(NormalizeWeights, ZeroPointsAlongTwoAxes) {
  // Groups and outputs of a group convolution.
  const auto zero = make_constant({2, 2, 1}, {0.0F, 1.0F, 2.0F, 3.0F});
  const auto model = weights_model(ov::element::u4, {2, 2, 2}, {4, 5, 4, 5, 4, 5, 4, 5}, zero);
  EXPECT_EQ(normalize_quantized_weights(model), 1U);
  EXPECT_EQ(centred_weights(*model).values, (std::vector<int>{4, 5, 3, 4, 2, 3, 1, 2}));
}

TEST(NormalizeWeights, LeavesZeroPointsBetweenHalves) {
  const auto model = weights_model(ov::element::u4, {1, 2}, {4, 5}, make_constant({}, {0.3F}));
  EXPECT_EQ(normalize_quantized_weights(model), 0U);
  EXPECT_EQ(toy::count(*model, "Subtract"), 1U);
}

TEST(FoldConstants, KeepsIntegerWeights) {
  const auto model = quantized_product({128, 128});
  normalize_quantized_weights(model);
  fold_constants(model);
  EXPECT_EQ(toy::count(*model, "Convert"), 1U);
  EXPECT_EQ(toy::count(*model, "MatMul"), 1U);
}

}  // namespace
}  // namespace zoa
