// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/token_rows_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;

Value weights(std::size_t in, std::size_t out) {
  std::vector<float> values(in * out);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(std::cos(static_cast<double>(i * 7 + 1))) * 0.3F;
  }
  return make_constant({in, out}, values)->output(0);
}

Value linear(const Value& x, std::size_t in, std::size_t out) {
  return std::make_shared<op::v0::MatMul>(x, weights(in, out))->output(0);
}

// (2, 5, 8) -> heads (2, 2, 5, 4)
Value heads(const Value& x) {
  const auto split = std::make_shared<op::v1::Reshape>(x, make_indices({0, 0, 2, 4}), true);
  return std::make_shared<op::v1::Transpose>(split, make_indices({0, 2, 1, 3}))->output(0);
}

Value attention_block(const Value& x) {
  const Value query = heads(linear(x, 8, 8));
  const Value key = heads(linear(x, 8, 8));
  const auto scores = std::make_shared<op::v0::MatMul>(query, key, false, true);
  const auto probabilities = std::make_shared<op::v8::Softmax>(scores, -1);
  const auto mixed = std::make_shared<op::v0::MatMul>(probabilities, key);
  const auto back = std::make_shared<op::v1::Transpose>(mixed, make_indices({0, 2, 1, 3}));
  const auto joined = std::make_shared<op::v1::Reshape>(back, make_indices({0, 0, 8}), true);
  return std::make_shared<op::v1::Add>(x, linear(joined, 8, 8))->output(0);
}

Value first_token(const Value& x) {
  const auto token = op::v0::Constant::create(ov::element::i64, {}, {0});
  return std::make_shared<op::v8::Gather>(x, token, make_indices({1}))->output(0);
}

std::size_t rows_of_products(const ov::Model& model) {
  std::size_t rows = 0;
  for (const auto& node : model.get_ops()) {
    if (is_op(*node, "MatMul")) {
      const ov::Shape& shape = node->get_output_shape(0);
      rows += shape[shape.size() - 2];
    }
  }
  return rows;
}

TEST(TokenRows, LastBlockComputesOneRowAndAnswersTheSame) {
  const auto input = toy::parameter({2, 5, 8});
  const Value one = attention_block(input);
  const Value two = attention_block(one);
  const auto model = toy::model(linear(first_token(two), 8, 3), {input});
  const auto before = toy::run(model);
  const std::size_t rows = rows_of_products(*model);
  EXPECT_GT(compute_token_rows(model), 5U);
  // Of the second block's five products all but the keys' work on one row of five.
  EXPECT_EQ(rows - rows_of_products(*model), 4U * 4U);
  EXPECT_LE(toy::difference(toy::run(model), before), 1e-5F);
}

TEST(TokenRows, LeavesANetworkAloneThatReadsAllTokens) {
  const auto input = toy::parameter({2, 5, 8});
  const auto mean = std::make_shared<op::v1::ReduceMean>(attention_block(input), make_indices({1}));
  const auto model = toy::model(linear(mean, 8, 3), {input});
  EXPECT_EQ(compute_token_rows(model), 0U);
}

}  // namespace
}  // namespace zoa
