// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/float_reason_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

// Symmetric quantizer with one high end per channel, or one for all.
toy::Value quantize(const toy::Value& value, std::size_t levels, const std::vector<float>& high) {
  const auto count = static_cast<float>(levels);
  const float ratio = levels % 2 == 0 ? count / (count - 2) : 1.0F;
  std::vector<float> low(high);
  for (float& end : low) {
    end *= -ratio;
  }
  const auto first = make_constant({high.size()}, low);
  const auto last = make_constant({high.size()}, high);
  return std::make_shared<op::v0::FakeQuantize>(value, first, last, first, last, levels)->output(0);
}

toy::Value integers(const ov::element::Type& type) {
  const auto codes = op::v0::Constant::create(type, {4, 3}, std::vector<int>(12, 1));
  const auto as_float = std::make_shared<op::v0::Convert>(codes, ov::element::f32);
  return std::make_shared<op::v1::Multiply>(as_float, make_constant({1, 3}, {0.1F, 0.2F, 0.3F}))
      ->output(0);
}

toy::Value floats() {
  return make_constant({4, 3}, std::vector<float>(12, 0.3F))->output(0);
}

// The reason of input (2, 4), quantized by `quantizer`, times weights (4, 3).
template <class F>
std::string reason_of(F quantizer, const toy::Value& weights) {
  const auto input = toy::parameter({2, 4});
  const auto product = std::make_shared<op::v0::MatMul>(quantizer(input->output(0)), weights);
  const auto products = find_products(toy::model(product->output(0), {input}));
  return products.size() == 1 ? float_reason(products.front()) : "not one product";
}

const auto kPlain = [](const toy::Value& value) { return value; };

auto with_levels(std::size_t levels) {
  return [levels](const toy::Value& value) { return quantize(value, levels, {1.0F}); };
}

TEST(FloatReason, NothingSpeaksAgainstInt8) {
  EXPECT_EQ(reason_of(with_levels(256), integers(ov::element::i8)), "");
  EXPECT_EQ(reason_of(with_levels(255), quantize(floats(), 255, {1.0F})), "");
}

TEST(FloatReason, NamesWhatTheInputHas) {
  const auto weights = integers(ov::element::i8);
  EXPECT_EQ(reason_of(kPlain, floats()), "its input is not quantized in the file");
  EXPECT_EQ(reason_of(kPlain, weights), "only its weights are quantized");
  EXPECT_EQ(reason_of(with_levels(65535), weights),
            "its input is quantized to 16 bits: runs in float");
  EXPECT_NE(reason_of(with_levels(64), weights).find("64 levels"), std::string::npos);
  const auto per_channel = [](const toy::Value& value) {
    return quantize(value, 256, {1.0F, 2.0F, 3.0F, 4.0F});
  };
  EXPECT_NE(reason_of(per_channel, weights).find("scale per channel"), std::string::npos);
}

TEST(FloatReason, NamesWhatTheWeightsHave) {
  EXPECT_NE(reason_of(with_levels(256), floats()).find("more than 8 bits"), std::string::npos);
  EXPECT_NE(reason_of(with_levels(256), integers(ov::element::i4)).find("4 bits"),
            std::string::npos);
  EXPECT_NE(reason_of(with_levels(256), quantize(floats(), 63, {1.0F})).find("63 levels"),
            std::string::npos);
}

}  // namespace
}  // namespace zoa
