// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>
#include <openvino/pass/serialize.hpp>

#include "zoa/core/rng.h"
#include "zoa/core/test_folder.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/packed_weights_ov.h"
#include "zoa/graph/products_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;
namespace op = ov::op;
using toy::Value;

enum class Layer { LinearTransposed, Linear, Convolution, GroupConvolution };

// Shapes with odd numbers of elements, so that the last byte is not full.
struct Shapes {
  ov::Shape input;
  ov::Shape weights;
  ov::Shape scales;
};

Shapes shapes_of(Layer layer) {
  switch (layer) {
    case Layer::LinearTransposed: return {{1, 13, 1, 1}, {7, 13}, {7, 1}};
    case Layer::Linear: return {{1, 13, 1, 1}, {13, 7}, {1, 7}};
    case Layer::Convolution: return {{1, 3, 6, 6}, {7, 3, 3, 3}, {7, 1, 1, 1}};
    case Layer::GroupConvolution: break;
  }
  return {{1, 3, 6, 6}, {3, 5, 1, 3, 3}, {3, 5, 1, 1, 1}};
}

// Integers low..high in steps, moved per channel by up to `offset`.
struct Spread {
  int low;
  int high;
  int step = 1;
  int offset = 0;
};

std::vector<std::int8_t> spread_values(const Shapes& shapes, const Spread& spread) {
  const std::size_t channels = ov::shape_size(shapes.scales);
  const std::size_t inner =
      shapes.scales.front() == 1 ? 1 : ov::shape_size(shapes.weights) / channels;
  const Rng rng(5, 1);
  std::vector<std::int8_t> values(ov::shape_size(shapes.weights));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto channel = static_cast<int>(i / inner % channels);
    const int count = (spread.high - spread.low) / spread.step + 1;
    const int pick = std::min(count - 1, static_cast<int>(rng.uniform(i) * count));
    const int move = spread.offset == 0 ? 0 : channel % (2 * spread.offset + 1) - spread.offset;
    values[i] = static_cast<std::int8_t>(spread.low + spread.step * pick + move);
  }
  return values;
}

std::vector<float> scale_values(std::size_t count) {
  std::vector<float> scales(count);
  for (std::size_t i = 0; i < count; ++i) {
    scales[i] = 0.013F + 0.0017F * static_cast<float>(i);
  }
  return scales;
}

// (1, C, 1, 1) -> (1, C)
Value flat(const Value& input) {
  return std::make_shared<op::v1::Reshape>(input, make_indices({0, -1}), true)->output(0);
}

Value product_of(Layer layer, const Value& input, const Value& weights) {
  const ov::CoordinateDiff pads{1, 1};
  const ov::Strides ones{1, 1};
  Value map;
  switch (layer) {
    case Layer::LinearTransposed:
      return std::make_shared<op::v0::MatMul>(flat(input), weights, false, true)->output(0);
    case Layer::Linear: return std::make_shared<op::v0::MatMul>(flat(input), weights)->output(0);
    case Layer::Convolution:
      map =
          std::make_shared<op::v1::Convolution>(input, weights, ones, pads, pads, ones)->output(0);
      break;
    case Layer::GroupConvolution:
      map = std::make_shared<op::v1::GroupConvolution>(input, weights, ones, pads, pads, ones)
                ->output(0);
      break;
  }
  return std::make_shared<op::v1::ReduceMean>(map, make_indices({2, 3}), false)->output(0);
}

std::shared_ptr<ov::Model> layer_model(Layer layer, const Spread& spread) {
  const Shapes shapes = shapes_of(layer);
  const auto input = toy::parameter(shapes.input);
  const auto low = make_constant({}, {-1.0F});
  const auto high = make_constant({}, {0.9921875F});
  const auto quantizer = std::make_shared<op::v0::FakeQuantize>(input, low, high, low, high, 256);
  const auto values =
      op::v0::Constant::create(ov::element::i8, shapes.weights, spread_values(shapes, spread));
  const auto convert = std::make_shared<op::v0::Convert>(values, ov::element::f32);
  const auto scales = make_constant(shapes.scales, scale_values(ov::shape_size(shapes.scales)));
  const auto weights = std::make_shared<op::v1::Multiply>(convert, scales);
  return toy::model(product_of(layer, quantizer, weights), {input});
}

struct Stored {
  ov::element::Type type;
  std::vector<std::int8_t> values;
  std::vector<float> scales;
};

Stored stored_weights(const std::shared_ptr<ov::Model>& model) {
  const NodePtr multiply = find_products(model).front().node->get_input_node_shared_ptr(1);
  const ov::Node& first = *multiply->get_input_node_ptr(0);
  const auto& constant = dynamic_cast<const op::v0::Constant&>(
      is_op(first, "Subtract") ? *first.get_input_node_ptr(0)->get_input_node_ptr(0)
                               : *first.get_input_node_ptr(0));
  const auto type = constant.get_element_type();
  return {
      type,
      type == ov::element::i8 ? constant.cast_vector<std::int8_t>() : std::vector<std::int8_t>{},
      *constant_values(multiply->input_value(1))};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void serialize(const std::shared_ptr<ov::Model>& model, const fs::path& xml) {
  ov::pass::Serialize(xml.string(), fs::path(xml).replace_extension("bin").string())
      .run_on_model(model);
}

struct PackCase {
  const char* name;
  Spread spread;
  ov::element::Type type;
};

const PackCase kCases[] = {
    {"4 bits off centre", {-5, 10, 1, 0}, ov::element::u4},
    {"4 bits, each channel elsewhere", {-8, 7, 1, 5}, ov::element::u4},
    {"3 bits", {-4, 3, 1, 0}, ov::element::u4},
    {"4 bits half a step beside zero", {-15, 15, 2, 0}, ov::element::u4},
    {"2 bits", {-2, 1, 1, 0}, ov::element::u2},
    {"ternary", {-1, 1, 1, 0}, ov::element::u2},
    {"2 bits half a step beside zero", {-3, 3, 2, 0}, ov::element::u2},
    {"8 bits", {-63, 63, 1, 0}, ov::element::i8},
    {"17 integers", {-8, 8, 1, 0}, ov::element::i8},
};
constexpr Layer kLayers[] = {Layer::LinearTransposed, Layer::Linear, Layer::Convolution,
                             Layer::GroupConvolution};

TEST(PackWeights, ComesBackFromDiskBitForBit) {
  const TestFolder folder;
  for (const PackCase& pack : kCases) {
    for (const Layer layer : kLayers) {
      SCOPED_TRACE(std::string(pack.name) + ", layer " + std::to_string(static_cast<int>(layer)));
      const auto model = layer_model(layer, pack.spread);
      const Stored before = stored_weights(model);
      const auto packed = model->clone();
      EXPECT_EQ(pack_weights(packed), pack.type == ov::element::i8 ? 0U : 1U);
      EXPECT_EQ(stored_weights(packed).type, pack.type);
      serialize(packed, folder.file("packed.xml"));
      const Stored after = stored_weights(import_model(folder.file("packed.xml")));
      EXPECT_EQ(after.type, ov::element::i8);
      EXPECT_EQ(after.values, before.values);
      EXPECT_TRUE(same_bits(after.scales, before.scales));
    }
  }
}

TEST(PackWeights, TheFileRunsAsItIs) {
  const TestFolder folder;
  for (const PackCase& pack : kCases) {
    for (const Layer layer : kLayers) {
      SCOPED_TRACE(std::string(pack.name) + ", layer " + std::to_string(static_cast<int>(layer)));
      const auto model = layer_model(layer, pack.spread);
      const auto packed = model->clone();
      pack_weights(packed);
      serialize(packed, folder.file("packed.xml"));
      const auto expected = toy::run(model);
      const auto found = toy::run(runtime_core().read_model(folder.file("packed.xml")));
      EXPECT_LE(toy::difference(found, expected), 1e-5F);
      EXPECT_GT(toy::difference(expected, std::vector<float>(expected.size())), 1e-3F);
    }
  }
}

TEST(PackWeights, HalvesAndQuartersTheFile) {
  const TestFolder folder;
  const auto size_of = [&](const Spread& spread) {
    const auto input = toy::parameter({1, 256, 1, 1});
    const Shapes shapes{{1, 256, 1, 1}, {128, 256}, {128, 1}};
    const auto values =
        op::v0::Constant::create(ov::element::i8, shapes.weights, spread_values(shapes, spread));
    const auto convert = std::make_shared<op::v0::Convert>(values, ov::element::f32);
    const auto weights =
        std::make_shared<op::v1::Multiply>(convert, make_constant({128, 1}, scale_values(128)));
    const auto model = toy::model(product_of(Layer::LinearTransposed, input, weights), {input});
    pack_weights(model);
    serialize(model, folder.file("size.xml"));
    return static_cast<double>(fs::file_size(folder.file("size.bin")));
  };
  const double bytes = size_of({-63, 63, 1, 0});
  EXPECT_NEAR(size_of({-8, 7, 1, 0}) / bytes, 0.5, 0.03);
  EXPECT_NEAR(size_of({-2, 1, 1, 0}) / bytes, 0.25, 0.03);
}

TEST(PackWeights, PacksSharedWeightsOnce) {
  // Two readers of one tensor: packed once, read by both.
  const auto input = toy::parameter({1, 13, 1, 1});
  const Shapes shapes = shapes_of(Layer::LinearTransposed);
  const auto values = op::v0::Constant::create(ov::element::i8, shapes.weights,
                                               spread_values(shapes, {-2, 1, 1, 0}));
  const auto convert = std::make_shared<op::v0::Convert>(values, ov::element::f32);
  const auto weights =
      std::make_shared<op::v1::Multiply>(convert, make_constant({7, 1}, scale_values(7)));
  const Value first = product_of(Layer::LinearTransposed, input, weights);
  const Value second = product_of(Layer::LinearTransposed, input, weights);
  const auto sum = std::make_shared<op::v1::Add>(first, second);
  const auto model = toy::model(sum->output(0), {input});
  const auto before = toy::run(model);
  EXPECT_EQ(pack_weights(model), 1U);
  EXPECT_EQ(pack_weights(model), 0U);
  EXPECT_LE(toy::difference(toy::run(model), before), 1e-6F);
}

}  // namespace
}  // namespace zoa
