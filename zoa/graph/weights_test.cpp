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

TEST(FoldConstants, KeepsIntegerWeights) {
  const auto model = quantized_product({128, 128});
  normalize_quantized_weights(model);
  fold_constants(model);
  EXPECT_EQ(toy::count(*model, "Convert"), 1U);
  EXPECT_EQ(toy::count(*model, "MatMul"), 1U);
}

}  // namespace
}  // namespace zoa
