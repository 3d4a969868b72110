// SPDX-License-Identifier: Apache-2.0
// LayerNorm in each spelling becomes one MVN and gives the same numbers.
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/graph/layer_norm_ov.h"
#include "zoa/graph/ops_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

using toy::Value;
namespace op = ov::op;

Value mean(const Value& x) {
  return std::make_shared<op::v1::ReduceMean>(x, make_indices({-1}), true)->output(0);
}

enum class Square { Power, Multiply, Difference };
enum class Root { Divide, TimesPower, TimesInverse };

Value spelled(const Value& x, Square square, Root root) {
  const Value centred = std::make_shared<op::v1::Subtract>(x, mean(x))->output(0);
  Value squares;
  if (square == Square::Power) {
    squares = std::make_shared<op::v1::Power>(centred, make_constant({}, {2.0F}))->output(0);
  } else if (square == Square::Multiply) {
    squares = std::make_shared<op::v1::Multiply>(centred, centred)->output(0);
  } else {
    squares = std::make_shared<op::v0::SquaredDifference>(x, mean(x))->output(0);
  }
  const Value variance =
      std::make_shared<op::v1::Add>(mean(squares), make_constant({}, {1e-6F}))->output(0);
  if (root == Root::TimesPower) {
    const Value inverse =
        std::make_shared<op::v1::Power>(variance, make_constant({}, {-0.5F}))->output(0);
    return std::make_shared<op::v1::Multiply>(centred, inverse)->output(0);
  }
  const Value deviation = std::make_shared<op::v0::Sqrt>(variance)->output(0);
  if (root == Root::TimesInverse) {
    const Value inverse =
        std::make_shared<op::v1::Divide>(make_constant({}, {1.0F}), deviation)->output(0);
    return std::make_shared<op::v1::Multiply>(centred, inverse)->output(0);
  }
  return std::make_shared<op::v1::Divide>(centred, deviation)->output(0);
}

TEST(FuseLayerNorms, EverySpelling) {
  for (const Square square : {Square::Power, Square::Multiply, Square::Difference}) {
    for (const Root root : {Root::Divide, Root::TimesPower, Root::TimesInverse}) {
      const auto input = toy::parameter({2, 5, 8});
      const auto model = toy::model(spelled(input, square, root), {input});
      const auto before = toy::run(model);
      EXPECT_EQ(fuse_layer_norms(model), 1U);
      EXPECT_EQ(toy::count(*model, "MVN"), 1U);
      EXPECT_EQ(toy::count(*model, "Sqrt") + toy::count(*model, "Power"), 0U);
      EXPECT_LE(toy::difference(toy::run(model), before), 1e-5F);
    }
  }
}

TEST(FuseLayerNorms, LeavesAnotherAxisAlone) {
  const auto input = toy::parameter({2, 5, 8});
  const Value over_tokens =
      std::make_shared<op::v1::ReduceMean>(input, make_indices({1}), true)->output(0);
  const Value centred = std::make_shared<op::v1::Subtract>(input, over_tokens)->output(0);
  const auto model = toy::model(centred, {input});
  EXPECT_EQ(fuse_layer_norms(model), 0U);
}

}  // namespace
}  // namespace zoa
