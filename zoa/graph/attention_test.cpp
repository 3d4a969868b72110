// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/attention_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

std::shared_ptr<ov::Model> attention(bool causal) {
  const auto input = toy::parameter({2, 3, 5, 4});
  const auto twice = std::make_shared<ov::op::v1::Multiply>(input, make_constant({}, {2.0F}));
  const auto node =
      std::make_shared<ov::op::v13::ScaledDotProductAttention>(input, twice, twice, causal);
  return toy::model(node->output(0), {input});
}

TEST(ExpandAttention, GivesTheSameNumbersAsTwoProducts) {
  const auto model = attention(false);
  const auto before = toy::run(model);
  EXPECT_EQ(expand_attention(model), 1U);
  EXPECT_EQ(toy::count(*model, "MatMul"), 2U);
  EXPECT_EQ(toy::count(*model, "ScaledDotProductAttention"), 0U);
  EXPECT_LE(toy::difference(toy::run(model), before), 1e-5F);
}

TEST(ExpandAttention, LeavesACausalOneAlone) {
  const auto model = attention(true);
  EXPECT_EQ(expand_attention(model), 0U);
  EXPECT_EQ(toy::count(*model, "ScaledDotProductAttention"), 1U);
}

}  // namespace
}  // namespace zoa
