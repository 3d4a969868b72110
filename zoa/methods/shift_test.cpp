// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/shift.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

// Source mean 0. Batch means per channel: 2, then 12 in channel 0.
TEST(Shift, ThreeStepsByHand) {
  FakeForward forward(Family::Vit, shift_info({}, {}));
  const auto method = make_method("shift", {}, 1, forward.info(), make_fake_stats(forward.info()));

  const Batch first = test::make_flat_batch({{1, 0, 0, 0}, {3, 0, 0, 0}});
  EXPECT_EQ(method->step(first, forward).logits,
            (std::vector<float>{-2, 0, 2, -6, 0, 6}));  // no shift yet
  method->accept();
  EXPECT_EQ(forward.passes(), 1U);

  const Batch second = test::make_flat_batch({{12, 0, 0, 0}});  // shift -2: the feature is 10
  EXPECT_EQ(method->step(second, forward).logits, (std::vector<float>{-20, 0, 20}));
  method->accept();
  MemoryState state;
  method->save(state);
  EXPECT_DOUBLE_EQ(state.get_f64("shift.feature_mean")[0], 3);  // 0.9 * 2 + 0.1 * 12

  EXPECT_EQ(method->step(second, forward).logits, (std::vector<float>{-18, 0, 18}));
}

TEST(Shift, MomentumIsAnOption) {
  FakeForward forward(Family::Vit, shift_info({}, {}));
  const auto method =
      make_method("shift", {{"momentum", "1"}}, 1, forward.info(), make_fake_stats(forward.info()));
  for (const float value : {8.0F, 4.0F}) {
    method->step(test::make_flat_batch({{value, 0, 0, 0}}), forward);
    method->accept();
  }
  EXPECT_EQ(method->step(test::make_flat_batch({{5, 0, 0, 0}}), forward).logits,
            test::head_logits({1, 0, 0, 0}));
}

TEST(Shift, NeedsStatisticsAndItsSlot) {
  const FakeForward forward(Family::Vit, shift_info({}, {}));
  const auto code = [](const ModelInfo& model, const SourceStats& stats) {
    return test::error_of([&] { make_shift({}, 1, model, stats); }).first;
  };
  EXPECT_EQ(code(forward.info(), {}), ErrorCode::StateMismatch);
  ModelInfo model = forward.info();
  model.slots.clear();
  EXPECT_EQ(code(model, make_fake_stats(model)), ErrorCode::UnsupportedModel);
  model = forward.info();
  model.taps.clear();
  EXPECT_EQ(code(model, make_fake_stats(model)), ErrorCode::UnsupportedModel);
}

}  // namespace
}  // namespace zoa
