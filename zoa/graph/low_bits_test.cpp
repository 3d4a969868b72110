// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/low_bits_ov.h"
#include "zoa/graph/products_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;

constexpr std::size_t kInputs = 20001;
// Positions are computed in floats: nearer to a tie than this, in steps, either integer is right.
constexpr double kTie = 1e-4;

struct Grid {
  std::size_t levels;
  double zero;  // the step that stands for zero
  double step;

  double low() const { return -zero * step; }
  double high() const { return (static_cast<double>(levels) - 1 - zero) * step; }
};

Value quantizer(const Value& value, const Grid& in, const Grid& out) {
  const auto end = [](double x) { return make_constant({}, {static_cast<float>(x)}); };
  return std::make_shared<op::v0::FakeQuantize>(value, end(in.low()), end(in.high()),
                                                end(out.low()), end(out.high()), in.levels)
      ->output(0);
}

std::shared_ptr<ov::Model> quantizer_model(const Grid& grid) {
  const auto input = toy::parameter({1, kInputs});
  return toy::model(quantizer(input, grid, grid), {input});
}

// Evenly over the range and half its width beyond both ends.
std::vector<float> dense_inputs(double low, double high) {
  std::vector<float> values(kInputs);
  const double width = high - low;
  for (std::size_t i = 0; i < kInputs; ++i) {
    values[i] =
        static_cast<float>(low - width / 2 + 2 * width * static_cast<double>(i) / (kInputs - 1));
  }
  values.front() = -1e30F;
  values.back() = 1e30F;
  return values;
}

std::vector<float> run_on(const std::shared_ptr<ov::Model>& model, std::vector<float> values) {
  auto request = runtime_core()
                     .compile_model(model, "CPU", {{"INFERENCE_PRECISION_HINT", "f32"}})
                     .create_infer_request();
  request.set_input_tensor(ov::Tensor(ov::element::f32, {1, kInputs}, values.data()));
  request.infer();
  const ov::Tensor output = request.get_output_tensor(0);
  return {output.data<const float>(), output.data<const float>() + output.get_size()};
}

// The integer of a value; -1 where it is a tie.
double integer_of(float value, const Grid& grid) {
  const double last = static_cast<double>(grid.levels) - 1;
  const double place = std::clamp(static_cast<double>(value) / grid.step + grid.zero, 0.0, last);
  return std::abs(place - std::floor(place) - 0.5) < kTie ? -1 : std::round(place);
}

NodePtr quantizer_of(const ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (is_op(*node, "FakeQuantize") &&
        static_cast<const op::v0::FakeQuantize&>(*node).get_levels() == 256) {
      return node;
    }
  }
  return nullptr;
}

void expect_same_integers(const Grid& grid) {
  const auto model = quantizer_model(grid);
  EXPECT_EQ(lower_quantizers(model), 1U);
  EXPECT_NE(quantizer_of(*model), nullptr);
  const auto inputs = dense_inputs(grid.low(), grid.high());
  const auto outputs = run_on(model, inputs);
  std::size_t wrong = 0;
  std::size_t ties = 0;
  for (std::size_t i = 0; i < kInputs; ++i) {
    const double integer = integer_of(inputs[i], grid);
    const double expected = (integer - grid.zero) * grid.step;
    ties += integer < 0 ? 1U : 0U;
    wrong += integer >= 0 && std::abs(static_cast<double>(outputs[i]) - expected) > 1e-4 * grid.step
                 ? 1U
                 : 0U;
  }
  EXPECT_EQ(wrong, 0U) << grid.levels << " levels, zero " << grid.zero << ", step " << grid.step;
  EXPECT_LT(ties, kInputs / 100);
}

TEST(LowerQuantizers, UnsignedKeepsItsIntegers) {
  for (const std::size_t levels : {4U, 8U, 15U, 16U, 32U, 63U, 64U, 128U}) {
    expect_same_integers({levels, 0, 0.0371});
  }
}

TEST(LowerQuantizers, SymmetricKeepsItsIntegersAndGetsNoZeroPoint) {
  for (const std::size_t levels : {4U, 8U, 16U, 32U, 64U, 128U}) {
    const Grid grid{levels, static_cast<double>(levels) / 2, 0.0113};
    expect_same_integers(grid);
    const auto model = quantizer_model(grid);
    lower_quantizers(model);
    const NodePtr lowered = quantizer_of(*model);
    ASSERT_NE(lowered, nullptr);
    EXPECT_FLOAT_EQ(*scalar_value(lowered->input_value(1)), static_cast<float>(-128 * grid.step));
    EXPECT_FLOAT_EQ(*scalar_value(lowered->input_value(2)), static_cast<float>(127 * grid.step));
  }
}

TEST(LowerQuantizers, ZeroPointAnywhereKeepsItsIntegers) {
  for (const double zero : {1.0, 3.0, 14.0, 15.0}) {
    expect_same_integers({16, zero, 0.21});
  }
  for (const double zero : {5.0, 31.0, 33.0, 62.0}) {
    expect_same_integers({64, zero, 3.3});
  }
}

TEST(LowerQuantizers, SecondCallChangesNothing) {
  const auto model = quantizer_model({16, 3, 0.1});
  EXPECT_EQ(lower_quantizers(model), 1U);
  EXPECT_EQ(lower_quantizers(model), 0U);
}

TEST(LowerQuantizers, LeavesWhatItCannotKeepExactly) {
  EXPECT_EQ(lower_quantizers(quantizer_model({256, 0, 0.1})), 0U);
  EXPECT_EQ(lower_quantizers(quantizer_model({255, 127, 0.1})), 0U);
  EXPECT_EQ(lower_quantizers(quantizer_model({1024, 0, 0.1})), 0U);
  EXPECT_EQ(lower_quantizers(quantizer_model({16, 3.4, 0.1})), 0U);   // zero between two steps
  EXPECT_EQ(lower_quantizers(quantizer_model({16, -2.0, 0.1})), 0U);  // zero outside
  const auto input = toy::parameter({1, kInputs});
  const auto model = toy::model(quantizer(input, {16, 0, 0.1}, {16, 0, 0.2}), {input});
  EXPECT_EQ(lower_quantizers(model), 0U);
}

TEST(LowerQuantizers, LeavesQuantizersOnWeights) {
  const auto input = toy::parameter({1, 2});
  const Value weights = quantizer(make_constant({2, 2}, {1, 2, 3, 4}), {16, 8, 0.5}, {16, 8, 0.5});
  const auto product = std::make_shared<op::v0::MatMul>(input, weights);
  EXPECT_EQ(lower_quantizers(toy::model(product->output(0), {input})), 0U);
}

// 16 levels round zero, with a step of its own for each of three heads.
std::shared_ptr<ov::Model> heads_model(const std::vector<double>& steps) {
  const auto input = toy::parameter({1, 3, 1, kInputs / 3});
  std::vector<float> low;
  std::vector<float> high;
  for (const double step : steps) {
    low.push_back(static_cast<float>(-8 * step));
    high.push_back(static_cast<float>(7 * step));
  }
  const auto from = make_constant({1, 3, 1, 1}, low);
  const auto to = make_constant({1, 3, 1, 1}, high);
  const auto node = std::make_shared<op::v0::FakeQuantize>(input, from, to, from, to, 16);
  return toy::model(node->output(0), {input});
}

std::vector<float> run_heads(const std::shared_ptr<ov::Model>& model, std::vector<float> values) {
  auto request = runtime_core().compile_model(model, "CPU").create_infer_request();
  request.set_input_tensor(ov::Tensor(ov::element::f32, {1, 3, 1, kInputs / 3}, values.data()));
  request.infer();
  const ov::Tensor output = request.get_output_tensor(0);
  return {output.data<const float>(), output.data<const float>() + output.get_size()};
}

TEST(LowerQuantizers, RangesPerHeadKeepTheirIntegers) {
  const std::vector<double> steps{0.1, 0.37, 2.5};
  auto values = dense_inputs(-8 * steps.back(), 8 * steps.back());
  const auto model = heads_model(steps);
  EXPECT_EQ(lower_quantizers(model), 1U);
  EXPECT_EQ(lower_quantizers(model), 0U);
  const NodePtr lowered = quantizer_of(*model);
  ASSERT_NE(lowered, nullptr);
  EXPECT_FLOAT_EQ((*constant_values(lowered->input_value(1)))[2], -128 * 2.5F);
  const auto outputs = run_heads(model, values);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Grid grid{16, 8, steps[i / (kInputs / 3)]};
    const double integer = integer_of(values[i], grid);
    const double expected = (integer - grid.zero) * grid.step;
    wrong += integer >= 0 && std::abs(static_cast<double>(outputs[i]) - expected) > 1e-4 * grid.step
                 ? 1U
                 : 0U;
  }
  EXPECT_EQ(wrong, 0U);
}

// The sum of two staircases of one value, both on the grid of the finer one.
struct Sum {
  Grid in1;
  Grid out1;
  Grid in2;
  Grid out2;
};

std::shared_ptr<ov::Model> sum_model(const Sum& sum) {
  const auto input = toy::parameter({1, kInputs});
  const auto add = std::make_shared<op::v1::Add>(quantizer(input, sum.in1, sum.out1),
                                                 quantizer(input, sum.in2, sum.out2));
  return toy::model(add->output(0), {input});
}

void expect_same_sum(const Sum& sum, double expected_low) {
  const auto model = sum_model(sum);
  EXPECT_TRUE(reads_quantized(model->output(0).get_node()->input_value(0)));
  EXPECT_EQ(lower_quantizers(model), 1U);
  EXPECT_EQ(lower_quantizers(model), 0U);
  EXPECT_EQ(toy::count(*model, "FakeQuantize"), 3U);
  EXPECT_TRUE(is_op(*model->output(0).get_node()->get_input_node_ptr(0), "FakeQuantize"));
  const auto lowered = quantizer_of(*model);
  ASSERT_NE(lowered, nullptr);
  EXPECT_NEAR(*scalar_value(lowered->input_value(1)), expected_low, 1e-6);
  const auto inputs = dense_inputs(sum.in1.low() + sum.in2.low(), sum.in1.high() + sum.in2.high());
  const auto outputs = run_on(model, inputs);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < kInputs; ++i) {
    const double first = integer_of(inputs[i], sum.in1);
    const double second = integer_of(inputs[i], sum.in2);
    const double expected =
        (first - sum.out1.zero) * sum.out1.step + (second - sum.out2.zero) * sum.out2.step;
    const double error = std::abs(static_cast<double>(outputs[i]) - expected);
    wrong += first >= 0 && second >= 0 && error > 1e-5 ? 1U : 0U;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(LowerQuantizers, SumOfTwoIsQuantizedOnTheFineGrid) {
  // A softmax: fine steps near zero, coarse ones above; fine first and coarse first.
  const Grid fine{8, 0, 1.0 / 128};
  const Grid coarse{8, 0, 16.0 / 128};
  expect_same_sum({fine, fine, coarse, coarse}, 0.0);
  expect_same_sum({coarse, coarse, fine, fine}, 0.0);
  // 6 bits: two of 32 levels, in-ranges beside each other, 31 + 7 * 31 <= 255 steps.
  expect_same_sum({{32, 0, 0.003}, {32, 0, 0.003}, {32, 0, 0.02}, {32, 0, 0.021}}, 0.0);
}

TEST(LowerQuantizers, SumWithANegativePartKeepsItsZeroPoint) {
  // A GELU: [-15 d, 0] and [0, 15 * 9 d].
  const Grid negative{16, 15, 0.01};
  const Grid positive{16, 0, 0.09};
  expect_same_sum({negative, negative, positive, positive}, -0.15);
}

TEST(LowerQuantizers, LeavesSumsThatNeedMoreThan256Steps) {
  const Grid fine{32, 0, 0.01};
  const Grid coarse{32, 0, 0.08};  // 31 + 8 * 31 = 279
  EXPECT_EQ(lower_quantizers(sum_model({fine, fine, coarse, coarse})), 0U);
  const Grid between{16, 0, 0.025};  // no multiple of the fine step
  EXPECT_EQ(lower_quantizers(sum_model({{16, 0, 0.01}, {16, 0, 0.01}, between, between})), 0U);
}

}  // namespace
}  // namespace zoa
