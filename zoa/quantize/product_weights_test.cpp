// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/quantize/product_weights_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;
using Floats = std::vector<float>;

enum class Layer { LinearTransposed, Linear, Tokens, Convolution, GroupConvolution };
constexpr Layer kLayers[] = {Layer::LinearTransposed, Layer::Linear, Layer::Tokens,
                             Layer::Convolution, Layer::GroupConvolution};

bool is_map(Layer layer) {
  return layer == Layer::Convolution || layer == Layer::GroupConvolution;
}

ov::Shape input_shape(Layer layer) {
  switch (layer) {
    case Layer::Tokens: return {1, 4, 5};
    case Layer::Convolution: return {1, 3, 5, 6};
    case Layer::GroupConvolution: return {1, 4, 5, 6};
    default: return {1, 5};
  }
}

ov::Shape weights_shape(Layer layer) {
  switch (layer) {
    case Layer::LinearTransposed: return {6, 5};
    case Layer::Linear:
    case Layer::Tokens: return {5, 6};
    case Layer::Convolution: return {6, 3, 3, 2};
    case Layer::GroupConvolution: break;
  }
  return {2, 3, 2, 3, 2};
}

constexpr std::size_t kRows = 6;

Value product_of(Layer layer, const Value& input, const Floats& weights) {
  const auto constant = make_constant(weights_shape(layer), weights);
  const ov::CoordinateDiff begin{1, 1};
  const ov::CoordinateDiff end{1, 0};
  const ov::Strides ones{1, 1};
  switch (layer) {
    case Layer::LinearTransposed:
      return std::make_shared<op::v0::MatMul>(input, constant, false, true)->output(0);
    case Layer::Linear:
    case Layer::Tokens: return std::make_shared<op::v0::MatMul>(input, constant)->output(0);
    case Layer::Convolution:
      return std::make_shared<op::v1::Convolution>(input, constant, ones, begin, end, ones)
          ->output(0);
    case Layer::GroupConvolution: break;
  }
  return std::make_shared<op::v1::GroupConvolution>(input, constant, ones, begin, end, ones)
      ->output(0);
}

// Every weight another number.
Floats numbered(Layer layer) {
  Floats values(ov::shape_size(weights_shape(layer)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i) - 7.5F;
  }
  return values;
}

struct Toy {
  std::shared_ptr<ov::Model> model;
  Product product;
};

// `behind` makes what follows the product.
template <class Behind>
Toy make_toy(Layer layer, const Floats& weights, const Behind& behind) {
  const auto input = toy::parameter(input_shape(layer));
  const Value output = behind(product_of(layer, input, weights));
  Toy toy{toy::model(output, {input}), {}};
  toy.product = find_products(toy.model).front();
  return toy;
}

Toy make_toy(Layer layer, const Floats& weights) {
  return make_toy(layer, weights, [](const Value& value) { return value; });
}

// Place of (row, column) in the layer's own layout.
std::size_t place_of(Layer layer, std::size_t row, std::size_t column, std::size_t width) {
  return layer == Layer::Linear || layer == Layer::Tokens ? column * kRows + row
                                                          : row * width + column;
}

TEST(WeightShape, SaysHowWeightsSplit) {
  for (const Layer layer : kLayers) {
    const WeightShape shape = weight_shape(make_toy(layer, numbered(layer)).product);
    EXPECT_EQ(shape.rows, kRows);
    EXPECT_EQ(shape.groups, layer == Layer::GroupConvolution ? 2U : 1U);
    EXPECT_EQ(shape.kernel, is_map(layer) ? 6U : 1U);
    EXPECT_EQ(shape.width, layer == Layer::Convolution ? 18U : is_map(layer) ? 12U : 5U);
    EXPECT_EQ(shape.channels(),
              input_shape(layer)[is_map(layer) ? 1 : input_shape(layer).size() - 1]);
  }
  const WeightShape grouped =
      weight_shape(make_toy(Layer::GroupConvolution, numbered(Layer::GroupConvolution)).product);
  EXPECT_EQ(grouped.channel_of(0, 5), 0U);
  EXPECT_EQ(grouped.channel_of(2, 6), 1U);
  EXPECT_EQ(grouped.channel_of(3, 0), 2U);
  EXPECT_EQ(grouped.channel_of(5, 11), 3U);
}

TEST(ReadWeights, GivesRowsOfOutputs) {
  for (const Layer layer : kLayers) {
    const Floats stored = numbered(layer);
    const Toy toy = make_toy(layer, stored);
    const std::size_t width = weight_shape(toy.product).width;
    const Floats rows = read_weights(toy.product);
    ASSERT_EQ(rows.size(), stored.size());
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t c = 0; c < width; ++c) {
        EXPECT_EQ(rows[row * width + c], stored[place_of(layer, row, c, width)]);
      }
    }
  }
}

TEST(ReadWeights, RefusesComputedOnes) {
  const auto input = toy::parameter({1, 5});
  const auto weights = std::make_shared<op::v0::Relu>(make_constant({5, 6}, Floats(30, 1.0F)));
  const auto product = std::make_shared<op::v0::MatMul>(input, weights);
  const auto model = toy::model(product->output(0), {input});
  try {
    read_weights(find_products(model).front());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::UnsupportedModel);
    EXPECT_NE(std::string(error.what()).find("computed"), std::string::npos);
  }
}

TEST(WriteWeights, TheNetworkRunsOnCodesTimesScales) {
  for (const Layer layer : kLayers) {
    const std::size_t width = ov::shape_size(weights_shape(layer)) / kRows;
    const Rng rng(4, 0);
    QuantizedWeights weights;
    Floats plain(kRows * width);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      weights.codes.push_back(static_cast<std::int8_t>(255 * rng.uniform(i) - 127));
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      weights.scales.push_back(0.01F * static_cast<float>(row + 1));
      for (std::size_t c = 0; c < width; ++c) {
        plain[place_of(layer, row, c, width)] =
            weights.scales[row] * static_cast<float>(weights.codes[row * width + c]);
      }
    }
    const Toy toy = make_toy(layer, numbered(layer));
    write_weights(toy.product, weights);
    toy.model->validate_nodes_and_infer_types();
    EXPECT_LE(toy::difference(toy::run(toy.model), toy::run(make_toy(layer, plain).model)), 2e-5F);
    const ov::Node& scaled = *toy.product.node->get_input_node_ptr(1);
    const ov::Node& stored = *scaled.get_input_node_ptr(0)->get_input_node_ptr(0);
    EXPECT_EQ(stored.get_output_element_type(0), ov::element::i8);
    EXPECT_EQ(stored.get_output_shape(0), weights_shape(layer));
  }
}

Floats some_change() {
  return {0.5F, -1.0F, 0.0F, 2.0F, 0.25F, -4.0F};
}

// Each output must grow by `factor` times the change of its channel.
void expect_changed(Layer layer, const Toy& toy, float factor = 1.0F) {
  const Floats before = toy::run(toy.model);
  EXPECT_TRUE(has_place_for_bias(toy.product));
  ASSERT_TRUE(add_to_bias(toy.product, some_change()));
  toy.model->validate_nodes_and_infer_types();
  const Floats after = toy::run(toy.model);
  ASSERT_EQ(after.size(), before.size());
  const std::size_t inner = is_map(layer) ? after.size() / kRows : 1;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const float wanted = factor * some_change()[i / inner % kRows];
    EXPECT_NEAR(after[i] - before[i], wanted, 2e-5F) << i << " layer " << static_cast<int>(layer);
  }
}

ov::Shape bias_shape_of(Layer layer) {
  return is_map(layer) ? ov::Shape{1, kRows, 1, 1} : ov::Shape{kRows};
}

const Floats kBias{1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F};

TEST(AddToBias, ChangesTheOneThatIsThere) {
  for (const Layer layer : kLayers) {
    for (const bool first : {false, true}) {
      const Toy toy = make_toy(layer, numbered(layer), [&](const Value& value) {
        const Value bias = make_constant(bias_shape_of(layer), kBias)->output(0);
        return std::make_shared<op::v1::Add>(first ? bias : value, first ? value : bias)->output(0);
      });
      const std::size_t adds = toy::count(*toy.model, "Add");
      expect_changed(layer, toy);
      EXPECT_EQ(toy::count(*toy.model, "Add"), adds);
    }
  }
}

TEST(AddToBias, ScalarBiasesGrow) {
  for (const Layer layer : kLayers) {
    expect_changed(
        layer, make_toy(layer, numbered(layer), [&](const Value& value) {
          return std::make_shared<op::v1::Add>(value, make_constant({}, {3.0F}))->output(0);
        }));
  }
}

TEST(AddToBias, LinearLayersGetANewOne) {
  for (const Layer layer : {Layer::LinearTransposed, Layer::Linear, Layer::Tokens}) {
    const Toy toy = make_toy(layer, numbered(layer), [](const Value& value) {
      // Two readers: both must see the bias.
      const auto minus = std::make_shared<op::v0::Negative>(value);
      const auto twice = std::make_shared<op::v1::Add>(value, value);
      return std::make_shared<op::v1::Add>(minus, twice)->output(0);
    });
    expect_changed(layer, toy);
  }
}

TEST(AddToBias, GoesBetweenAConvolutionAndItsNorm) {
  for (const Layer layer : {Layer::Convolution, Layer::GroupConvolution}) {
    const Toy toy = make_toy(layer, numbered(layer), [](const Value& value) {
      return std::make_shared<op::v5::BatchNormInference>(
                 value, make_constant({kRows}, Floats(kRows, 3.0F)),
                 make_constant({kRows}, Floats(kRows, 0.5F)),
                 make_constant({kRows}, Floats(kRows, 1.0F)),
                 make_constant({kRows}, Floats(kRows, 4.0F)), 0.0)
          ->output(0);
    });
    expect_changed(layer, toy, 1.5F);  // gamma 3 over the root of 4
  }
}

TEST(AddToBias, HasNoPlaceBehindABareConvolution) {
  for (const Layer layer : {Layer::Convolution, Layer::GroupConvolution}) {
    const Toy toy = make_toy(layer, numbered(layer), [](const Value& value) {
      return std::make_shared<op::v0::Relu>(value)->output(0);
    });
    const Floats before = toy::run(toy.model);
    EXPECT_FALSE(has_place_for_bias(toy.product));
    EXPECT_FALSE(add_to_bias(toy.product, some_change()));
    EXPECT_EQ(toy::run(toy.model), before);
  }
}

// Constants of as many values as there are channels, but along another axis.
TEST(AddToBias, DoesNotTakePositionsForChannels) {
  const auto input = toy::parameter({1, kRows, 5});
  const Value product = product_of(Layer::Linear, input, numbered(Layer::Linear));
  const auto positions =
      std::make_shared<op::v1::Add>(product, make_constant({1, kRows, 1}, kBias));
  Toy toy{toy::model(positions->output(0), {input}), {}};
  toy.product = find_products(toy.model).front();
  expect_changed(Layer::Linear, toy);

  const Toy map =
      make_toy(Layer::Convolution, numbered(Layer::Convolution), [](const Value& value) {
        const std::size_t width = value.get_shape()[3];
        EXPECT_EQ(width, kRows);
        return std::make_shared<op::v1::Add>(value, make_constant({width}, kBias))->output(0);
      });
  EXPECT_FALSE(has_place_for_bias(map.product));
}

TEST(AddToBias, LeavesOtherReadersOfASharedBiasAlone) {
  const auto input = toy::parameter({1, 5});
  const auto bias = make_constant({kRows}, kBias);
  const auto one = std::make_shared<op::v1::Add>(
      product_of(Layer::Linear, input, numbered(Layer::Linear)), bias);
  const auto two = std::make_shared<op::v1::Add>(
      product_of(Layer::Linear, input, numbered(Layer::Linear)), bias);
  const auto difference = std::make_shared<op::v1::Subtract>(one, two);
  Toy toy{toy::model(difference->output(0), {input}), {}};
  for (const Product& product : find_products(toy.model)) {
    if (product.node == one->get_input_node_shared_ptr(0)) {
      toy.product = product;
    }
  }
  expect_changed(Layer::Linear, toy);
}

}  // namespace
}  // namespace zoa
