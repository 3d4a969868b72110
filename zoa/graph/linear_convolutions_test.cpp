// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/linear_convolutions_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/graph/weights_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;

// Sums of integers are exact in both forms; scales and GELU are rounded elsewhere.
constexpr float kClose = 2e-5F;
constexpr std::int64_t kMostWeight = 63;  // never saturates, with or without VNNI

Value quantizer(const Value& value, float low, float high) {
  const auto end = [](float x) { return make_constant({}, {x}); };
  return std::make_shared<op::v0::FakeQuantize>(value, end(low), end(high), end(low), end(high),
                                                256)
      ->output(0);
}

Value quantized(const Value& value) {
  return quantizer(value, -128.0F / 64, 127.0F / 64);
}

std::vector<std::int8_t> integers(std::size_t count) {
  std::vector<std::int8_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto wave = std::sin(0.37 * static_cast<double>(i * i + 3 * i));
    values[i] = static_cast<std::int8_t>(std::lround(wave * kMostWeight));
  }
  return values;
}

// Integer weights (out, in), or (in, out), with a scale per output.
Value weights(std::size_t out, std::size_t in, bool by_columns) {
  const ov::Shape shape = by_columns ? ov::Shape{in, out} : ov::Shape{out, in};
  const auto codes = op::v0::Constant::create(ov::element::i8, shape, integers(out * in));
  std::vector<float> scales(out);
  for (std::size_t i = 0; i < out; ++i) {
    scales[i] = 0.002F + 0.0001F * static_cast<float>(i);
  }
  const auto real = std::make_shared<op::v0::Convert>(codes, ov::element::f32);
  return std::make_shared<op::v1::Multiply>(
             real, make_constant(by_columns ? ov::Shape{1, out} : ov::Shape{out, 1}, scales))
      ->output(0);
}

Value linear(const Value& value, std::size_t out, bool by_columns = false) {
  const std::size_t in = value.get_shape().back();
  return std::make_shared<op::v0::MatMul>(value, weights(out, in, by_columns), false, !by_columns)
      ->output(0);
}

Value add_bias(const Value& value) {
  const std::size_t channels = value.get_shape().back();
  std::vector<float> bias(channels);
  for (std::size_t i = 0; i < channels; ++i) {
    bias[i] = 0.01F * static_cast<float>(i % 7);
  }
  return std::make_shared<op::v1::Add>(value, make_constant({channels}, bias))->output(0);
}

struct Twin {
  std::shared_ptr<ov::Model> before;
  std::shared_ptr<ov::Model> after;
  std::size_t layers = 0;
};

template <class Build>
Twin rewritten(const ov::Shape& shape, const Build& build) {
  const auto make = [&] {
    const auto input = toy::parameter(shape);
    auto model = toy::model(build(Value(input->output(0))), {input});
    protect_quantized_weights(model);
    return model;
  };
  Twin twin{make(), make()};
  twin.layers = run_linear_as_convolutions(twin.after);
  twin.after->validate_nodes_and_infer_types();
  return twin;
}

void expect_same(const Twin& twin, std::size_t layers) {
  EXPECT_EQ(twin.layers, layers);
  EXPECT_EQ(toy::count(*twin.after, "Convolution"), layers);
  EXPECT_EQ(toy::count(*twin.after, "MatMul") + layers, toy::count(*twin.before, "MatMul"));
  EXPECT_EQ(twin.after->output(0).get_shape(), twin.before->output(0).get_shape());
  EXPECT_LE(toy::difference(toy::run(twin.before), toy::run(twin.after)), kClose);
}

TEST(LinearConvolutions, AnMlpBecomesTwoConvolutionsWithNothingMovedBetween) {
  const auto twin = rewritten({2, 5, 16}, [](const Value& x) {
    const Value hidden = add_bias(linear(quantized(x), 24));
    const Value gelu =
        std::make_shared<op::v7::Gelu>(hidden, op::GeluApproximationMode::ERF)->output(0);
    const Value mlp = add_bias(linear(quantizer(gelu, -8.0F / 64, 247.0F / 64), 16));
    return std::make_shared<op::v1::Add>(mlp, x)->output(0);
  });
  expect_same(twin, 2);
  EXPECT_EQ(toy::count(*twin.after, "Transpose"), 2U);
}

TEST(LinearConvolutions, WeightsByColumnsAndEveryRank) {
  for (const ov::Shape& shape : {ov::Shape{3, 16}, ov::Shape{2, 5, 16}, ov::Shape{2, 3, 4, 16}}) {
    SCOPED_TRACE(shape);
    expect_same(
        rewritten(shape, [](const Value& x) { return add_bias(linear(quantized(x), 8, true)); }),
        1);
  }
}

TEST(LinearConvolutions, WeightsBehindAQuantizerKeepIt) {
  const auto twin = rewritten({2, 5, 16}, [](const Value& x) {
    std::vector<float> values(std::size_t{8} * 16);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    }
    const std::vector<float> low(8, -127.0F / 64);
    const std::vector<float> high(8, 127.0F / 64);
    const auto ends = [](const std::vector<float>& end) { return make_constant({8, 1}, end); };
    const auto quantize = std::make_shared<op::v0::FakeQuantize>(
        make_constant({8, 16}, values), ends(low), ends(high), ends(low), ends(high), 255);
    return std::make_shared<op::v0::MatMul>(quantized(x), quantize, false, true)->output(0);
  });
  expect_same(twin, 1);
}

TEST(LinearConvolutions, AReaderElsewhereStillGetsItsValue) {
  const auto twin = rewritten({2, 5, 16}, [](const Value& x) {
    const Value once = add_bias(linear(quantized(x), 16));
    const Value squared = std::make_shared<op::v1::Multiply>(once, once)->output(0);
    const Value mean =
        std::make_shared<op::v1::ReduceMean>(once, make_indices({1}), true)->output(0);
    return std::make_shared<op::v1::Add>(squared, mean)->output(0);
  });
  expect_same(twin, 1);
}

TEST(LinearConvolutions, OperandsOfOtherShapesAreNotTakenIn) {
  const auto twin = rewritten({1, 5, 16}, [](const Value& x) {
    std::vector<float> positions(std::size_t{5} * 16, 0.25F);
    return std::make_shared<op::v1::Add>(linear(quantized(x), 16),
                                         make_constant({5, 16}, positions))
        ->output(0);
  });
  expect_same(twin, 1);
}

TEST(LinearConvolutions, FloatLayersAndZerosBetweenCodesStay) {
  expect_same(
      rewritten(
          {2, 5, 16},
          [](const Value& x) {
            const auto values = make_constant({8, 16}, std::vector<float>(128, 0.5F));
            return std::make_shared<op::v0::MatMul>(quantized(x), values, false, true)->output(0);
          }),
      0);
  expect_same(rewritten({2, 5, 16}, [](const Value& x) { return linear(x, 8); }), 0);
  expect_same(
      rewritten({2, 5, 16}, [](const Value& x) { return linear(quantizer(x, -1.03F, 2.0F), 8); }),
      0);
}

}  // namespace
}  // namespace zoa
