// SPDX-License-Identifier: Apache-2.0
// Token counts written into a graph. Real networks with prompts: tests/conformance.
#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/graph/prompts_ov.h"

namespace zoa {
namespace {

// A stream of two images, five tokens, width eight, behind which a Reshape stands.
std::shared_ptr<ov::Model> with_reshape(const std::vector<std::int64_t>& target,
                                        Structure& structure) {
  const auto image = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{2, 5, 8});
  const auto stream = std::make_shared<ov::op::v1::Add>(image, make_constant({1}, {1.0F}));
  const auto reshaped = std::make_shared<ov::op::v1::Reshape>(stream, make_indices(target), true);
  structure.family = Family::Vit;
  structure.reads_token = true;
  structure.residuals.resize(1);
  structure.residuals[0].input = stream->output(0);
  return std::make_shared<ov::Model>(ov::OutputVector{reshaped}, ov::ParameterVector{image});
}

ov::Shape shape_with_prompts(const std::vector<std::int64_t>& target) {
  Structure structure;
  const auto model = with_reshape(target, structure);
  insert_prompts(model, structure, make_constant({1, 3, 8}, {0.5F})->output(0));
  return model->output(0).get_shape();
}

TEST(Prompts, RaiseTheTokenCountInWhateverWayItIsWritten) {
  const ov::Shape raised{2, 8, 2, 4};
  EXPECT_EQ(shape_with_prompts({2, 5, 2, 4}), raised);
  EXPECT_EQ(shape_with_prompts({-1, 5, 2, 4}), raised);
  EXPECT_EQ(shape_with_prompts({0, 5, 2, -1}), raised);
  EXPECT_EQ(shape_with_prompts({0, 0, 2, 4}), raised);
  EXPECT_EQ(shape_with_prompts({2, -1, 2, 4}), raised);
}

TEST(Prompts, AFlattenedStreamIsRefused) {
  EXPECT_THROW(shape_with_prompts({2, 40}), Error);
}

}  // namespace
}  // namespace zoa
