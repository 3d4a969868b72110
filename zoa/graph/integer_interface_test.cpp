// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/graph/integer_interface_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;

using Input = std::shared_ptr<op::v0::Parameter>;

// As the TFLite frontend reads a file of int8 input and output: scale 1/64, zero point -28, and
// output codes of [-1, 1].
std::shared_ptr<ov::Model> integer_network(bool with_input_scale, bool with_output_scale) {
  const auto input = std::make_shared<op::v0::Parameter>(ov::element::i8, ov::Shape{1, 2, 3, 3});
  const auto turned = std::make_shared<op::v1::Transpose>(input, make_indices({0, 3, 1, 2}));
  toy::Value value = std::make_shared<op::v0::Convert>(turned, ov::element::f32)->output(0);
  if (with_input_scale) {
    value = std::make_shared<op::v0::FakeQuantize>(
                value, make_constant({}, {-128.0F}), make_constant({}, {127.0F}),
                make_constant({}, {-100.0F / 64}), make_constant({}, {155.0F / 64}), 256)
                ->output(0);
  }
  value = std::make_shared<op::v0::Tanh>(value)->output(0);
  if (with_output_scale) {
    value = std::make_shared<op::v0::FakeQuantize>(
                value, make_constant({}, {-1.0F}), make_constant({}, {1.0F}),
                make_constant({}, {-128.0F}), make_constant({}, {127.0F}), 256)
                ->output(0);
  }
  value = std::make_shared<op::v0::Convert>(value, ov::element::i8)->output(0);
  return toy::model(value, {input});
}

TEST(FloatInterface, QuantizesFloatImagesAndGivesValues) {
  const auto model = integer_network(true, true);
  use_float_interface(model, "toy");
  EXPECT_EQ(model->input(0).get_element_type(), ov::element::f32);
  EXPECT_EQ(model->output(0).get_element_type(), ov::element::f32);
  const std::vector<float> values = toy::run(model);
  for (std::size_t i = 0; i < values.size(); ++i) {
    // (1, 2, 3, 3) turned to (1, 3, 2, 3): output (c, h, w) is input (h, w, c)
    const std::size_t c = i / 6;
    const std::size_t from = i % 6 * 3 + c;
    const double pixel = std::sin(1.7 * static_cast<double>(from * from + 1));
    const double code = std::clamp(std::round(pixel * 64), -100.0, 155.0);
    const double step = 2.0 / 255;
    const double expected = std::round((std::tanh(code / 64) + 1) / step) * step - 1;
    EXPECT_NEAR(static_cast<double>(values[i]), expected, 1e-5) << i;
  }
}

std::string refusal_of(const std::shared_ptr<ov::Model>& model) {
  try {
    use_float_interface(model, "toy.tflite");
  } catch (const Error& error) {
    return error.code() == ErrorCode::UnsupportedModel ? error.what() : "another code";
  }
  return "no error";
}

TEST(FloatInterface, RefusesIntegersWithoutAScale) {
  const std::string input = refusal_of(integer_network(false, true));
  EXPECT_NE(input.find("toy.tflite: Tanh"), std::string::npos) << input;
  EXPECT_NE(input.find("input of type i8"), std::string::npos) << input;
  const std::string output = refusal_of(integer_network(true, false));
  EXPECT_NE(output.find("output has type i8"), std::string::npos) << output;
}

TEST(FloatInterface, LeavesFloatsAlone) {
  const auto input = toy::parameter({1, 2});
  const auto model = toy::model(std::make_shared<op::v0::Relu>(input)->output(0), {input});
  use_float_interface(model, "toy");
  EXPECT_EQ(model->get_ops().size(), 3U);
}

}  // namespace
}  // namespace zoa
