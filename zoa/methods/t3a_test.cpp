// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/t3a.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

std::int64_t supports(const Method& method, std::size_t label) {
  MemoryState state;
  method.save(state);
  return state.get_i64("t3a.samples_per_class")[label];
}

void expect_near(const std::vector<float>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], 1e-5) << i;
  }
}

// Rows (-2, -1, 0, 1), (0, 1, 2, -2) and (2, -2, -1, 0) have the products 6, -3, -2; -3, 9, -4;
// -2, -4, 9: each is a support of its own class. The feature (3, -3, 0, 0) has the logits -3, -3,
// 12 and joins class 2, whose prototype is (2/3 + h, -2/3 - h, -1/3, 0) of length sqrt(2 (2/3 +
// h)^2 + 1/9), h = 1 / sqrt(2).
TEST(T3a, FirstStepByHand) {
  FakeForward forward(Family::Vit, t3a_info({}, {}));
  const auto method = make_method("t3a", {}, 1, forward.info(), {});
  const StepResult result = method->step(test::make_flat_batch({{3, -3, 0, 0}}), forward);
  method->accept();
  const double a = 2.0 / 3 + std::sqrt(0.5);
  expect_near(result.logits, {-3 / std::sqrt(6.0), -1, 6 * a / std::sqrt(2 * a * a + 1.0 / 9)});
  EXPECT_EQ(supports(*method, 0), 1);
  EXPECT_EQ(supports(*method, 1), 1);
  EXPECT_EQ(supports(*method, 2), 2);
  EXPECT_EQ(forward.passes(), 1U);
}

// The feature is surer (margin 15) than the row of class 2 (margin 11) and takes its place.
TEST(T3a, WithAFilterOfOneTheSurestIsThePrototype) {
  FakeForward forward(Family::Vit, t3a_info({}, {}));
  const auto method = make_method("t3a", {{"filter", "1"}}, 1, forward.info(), {});
  const StepResult result = method->step(test::make_flat_batch({{3, -3, 0, 0}}), forward);
  method->accept();
  expect_near(result.logits, {-3 / std::sqrt(6.0), -1, std::sqrt(18.0)});
  EXPECT_EQ(supports(*method, 2), 1);
  // Less sure, so that the prototype stays: (1, 0, 0, 0) times (h, -h, 0, 0).
  const StepResult second = method->step(test::make_flat_batch({{1, 0, 0, 0}}), forward);
  expect_near(second.logits, {-2 / std::sqrt(6.0), 0, std::sqrt(0.5)});
  EXPECT_EQ(check_method("t3a", {{"filter", "1"}}), std::vector<std::string>());
}

TEST(T3a, AClassWithoutSupportsHasTheLogitZero) {
  ClassBuffers buffers(2, 2, 3);
  buffers.add(std::vector<float>{0, 2}, std::vector<float>{0, 1});
  buffers.add(std::vector<float>{0, 0}, std::vector<float>{0, 1});  // no direction: adds nothing
  expect_near(compute_prototype_logits(buffers, std::vector<float>{5, 7}), {0, 7});
}

TEST(T3a, NeedsALinearHead) {
  const FakeForward forward(Family::Vit, t3a_info({}, {}));
  ModelInfo model = forward.info();
  model.head_weight.clear();
  const auto [code, text] = test::error_of([&] { make_t3a({}, 1, model, {}); });
  EXPECT_EQ(code, ErrorCode::UnsupportedModel);
  EXPECT_NE(text.find("expected 3 classes * 4 features"), std::string::npos) << text;
}

}  // namespace
}  // namespace zoa
