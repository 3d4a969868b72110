// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/separate_heads_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;

constexpr std::size_t kBatch = 2;
constexpr std::size_t kTokens = 5;
constexpr std::size_t kHeads = 3;
constexpr std::size_t kDepth = 4;
constexpr std::size_t kWidth = kHeads * kDepth;

enum class Spelling { Split, Slice, Gather };
struct Case {
  Spelling spelling = Spelling::Split;
  bool by_columns = false;  // weights (in, out)
  bool bias = true;
  bool turned_through = false;  // keys transposed between two Reshapes, as some exporters do
};

Value shaped(const Value& value, const std::vector<std::int64_t>& shape) {
  return std::make_shared<op::v1::Reshape>(value, make_indices(shape), false)->output(0);
}

Value turned(const Value& value, const std::vector<std::int64_t>& order) {
  return std::make_shared<op::v1::Transpose>(value, make_indices(order))->output(0);
}

Value quantizer(const Value& value, float most) {
  const auto end = [](float x) { return make_constant({}, {x}); };
  return std::make_shared<op::v0::FakeQuantize>(value, end(-most * 128 / 127), end(most),
                                                end(-most * 128 / 127), end(most), 256)
      ->output(0);
}

Value scaled(const Value& value) {
  return std::make_shared<op::v1::Multiply>(value, make_constant({1}, {0.5F}))->output(0);
}

std::vector<float> waves(std::size_t count, double step) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(0.4 * std::sin(step * static_cast<double>(i + 1)));
  }
  return values;
}

std::array<Value, 3> parts_of(const Value& moved, Spelling spelling) {
  std::array<Value, 3> parts;
  const std::vector<std::int64_t> heads{kBatch, kHeads, kTokens, kDepth};
  const auto number = [](std::int64_t i) {
    return op::v0::Constant::create(ov::element::i64, {}, {i});
  };
  const auto split = std::make_shared<op::v1::Split>(moved, number(0), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    switch (spelling) {
      case Spelling::Split:
        parts.at(i) =
            std::make_shared<op::v0::Squeeze>(split->output(i), make_indices({0}))->output(0);
        break;
      case Spelling::Slice:
        parts.at(i) = shaped(
            std::make_shared<op::v8::Slice>(moved, make_indices({at}), make_indices({at + 1}),
                                            make_indices({1}), make_indices({0}))
                ->output(0),
            heads);
        break;
      case Spelling::Gather:
        parts.at(i) = std::make_shared<op::v8::Gather>(moved, number(at), number(0))->output(0);
        break;
    }
  }
  return parts;
}

Value turn_keys(const Value& keys, bool through) {
  if (!through) {
    return turned(keys, {0, 1, 3, 2});
  }
  const Value flat = shaped(keys, {kBatch * kHeads, kTokens, kDepth});
  return shaped(turned(flat, {0, 2, 1}), {kBatch, kHeads, kDepth, kTokens});
}

std::shared_ptr<ov::Model> attention(const Case& made) {
  const auto input = toy::parameter({kBatch, kTokens, kWidth});
  const ov::Shape shape =
      made.by_columns ? ov::Shape{kWidth, 3 * kWidth} : ov::Shape{3 * kWidth, kWidth};
  Value all =
      std::make_shared<op::v0::MatMul>(input, make_constant(shape, waves(3 * kWidth * kWidth, 0.7)),
                                       false, !made.by_columns)
          ->output(0);
  if (made.bias) {
    all = std::make_shared<op::v1::Add>(all, make_constant({3 * kWidth}, waves(3 * kWidth, 1.3)))
              ->output(0);
  }
  const Value moved = turned(shaped(all, {kBatch, kTokens, 3, kHeads, kDepth}), {2, 0, 3, 1, 4});
  const auto [q, k, v] = parts_of(moved, made.spelling);
  const Value queries = quantizer(scaled(q), 0.75F);
  const Value keys = quantizer(scaled(turn_keys(k, made.turned_through)), 0.6F);
  const Value scores = std::make_shared<op::v0::MatMul>(queries, keys, false, false)->output(0);
  const Value weights = std::make_shared<op::v8::Softmax>(scores, -1)->output(0);
  const Value mixed =
      std::make_shared<op::v0::MatMul>(weights, quantizer(v, 1.2F), false, false)->output(0);
  return toy::model(shaped(turned(mixed, {0, 2, 1, 3}), {kBatch, kTokens, kWidth}), {input});
}

// A sum in another order may fall on the other side of a step of a quantizer.
constexpr float kStep = 0.02F;

TEST(SeparateHeads, EverySpellingBecomesThreeProductsThatAnswerTheSame) {
  for (const Spelling spelling : {Spelling::Split, Spelling::Slice, Spelling::Gather}) {
    for (const bool through : {false, true}) {
      const Case made{spelling, through, !through, through};
      SCOPED_TRACE(testing::Message() << static_cast<int>(spelling) << through);
      const auto before = attention(made);
      const auto after = attention(made);
      EXPECT_EQ(separate_heads(after), 1U);
      after->validate_nodes_and_infer_types();
      EXPECT_EQ(toy::count(*after, "MatMul"), 5U);
      EXPECT_EQ(
          toy::count(*after, "Slice") + toy::count(*after, "Gather") + toy::count(*after, "Split"),
          0U);
      EXPECT_LE(toy::difference(toy::run(before), toy::run(after)), kStep);
    }
  }
}

// What moves into heads are integers: each quantizer reads its product, not a Transpose.
TEST(SeparateHeads, QuantizersStandBeforeTheMove) {
  const auto model = attention({});
  separate_heads(model);
  for (const auto& node : model->get_ordered_ops()) {
    if (is_op(*node, "FakeQuantize")) {
      EXPECT_FALSE(is_op(*node->get_input_node_ptr(0), "Transpose")) << *node;
      EXPECT_EQ(node->get_output_shape(0), (ov::Shape{kBatch, kTokens, kWidth}));
    }
  }
}

TEST(SeparateHeads, LeavesOtherMovesAlone) {
  const auto input = toy::parameter({kBatch, kTokens, kWidth});
  const Value all =
      std::make_shared<op::v0::MatMul>(
          input, make_constant({3 * kWidth, kWidth}, waves(3 * kWidth * kWidth, 0.7)), false, true)
          ->output(0);
  // Heads first, then the three parts: another order of channels.
  const Value moved = turned(shaped(all, {kBatch, kTokens, kHeads, 3, kDepth}), {3, 0, 2, 1, 4});
  const auto model = toy::model(parts_of(moved, Spelling::Split)[0], {input});
  EXPECT_EQ(separate_heads(model), 0U);
}

}  // namespace
}  // namespace zoa
