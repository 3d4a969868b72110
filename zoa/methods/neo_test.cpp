// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/neo.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

std::vector<float> answer(Method& method,
                          FakeForward& forward,
                          const std::vector<test::Row>& rows) {
  const StepResult result = method.step(test::make_flat_batch(rows), forward);
  method.accept();
  return result.logits;
}

// The centre is the mean of all images so far: of 1 and 3, then of 1, 3, 5 and 7, then of these
// and 14.
TEST(Neo, CentresByHand) {
  FakeForward forward(Family::Vit, neo_info({}, {}));
  const auto method = make_method("neo", {}, 1, forward.info(), {});
  EXPECT_EQ(answer(*method, forward, {{1, 0, 0, 0}, {3, 0, 0, 0}}),
            (std::vector<float>{2, 0, -2, -2, 0, 2}));  // features -1 and 1
  EXPECT_EQ(answer(*method, forward, {{5, 0, 0, 0}, {7, 0, 0, 0}}),
            (std::vector<float>{-2, 0, 2, -6, 0, 6}));  // 1 and 3
  EXPECT_EQ(answer(*method, forward, {{14, 0, 0, 0}}), test::head_logits({8, 0, 0, 0}));
  EXPECT_EQ(forward.passes(), 1U);
}

// Starts at the origin: 0.5 * 0 + 0.5 * 2 = 1, then 0.5 * 1 + 0.5 * 6 = 3.5.
TEST(Neo, ContinualByHand) {
  FakeForward forward(Family::Vit, neo_info({}, {}));
  const auto method =
      make_method("neo", {{"continual", "true"}, {"momentum", "0.5"}}, 1, forward.info(), {});
  EXPECT_EQ(answer(*method, forward, {{2, 0, 0, 0}}), test::head_logits({1, 0, 0, 0}));
  EXPECT_EQ(answer(*method, forward, {{6, 0, 0, 0}}), test::head_logits({2.5, 0, 0, 0}));
  EXPECT_EQ(check_method("neo", {{"continual", "true"}}), std::vector<std::string>());
}

// The sound image of a batch with a broken one gets the answer of the centre so far.
TEST(Neo, ABrokenImageDoesNotSpoilTheOthers) {
  FakeForward forward(Family::Vit, neo_info({}, {}));
  const auto method = make_method("neo", {}, 1, forward.info(), {});
  answer(*method, forward, {{2, 0, 0, 0}});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = answer(*method, forward, {{nan, 0, 0, 0}, {5, 0, 0, 0}});
  EXPECT_EQ(std::vector<float>(logits.begin() + 3, logits.end()), test::head_logits({3, 0, 0, 0}));
}

TEST(Neo, RefusesStatesOfAnotherModelOrBrokenNumbers) {
  FakeForward forward(Family::Vit, neo_info({}, {}));
  const auto method = make_method("neo", {}, 1, forward.info(), {});
  answer(*method, forward, {{2, 0, 0, 0}});
  MemoryState good;
  method->save(good);
  const auto code = [&](MemoryState bad) {
    return test::error_of([&] { method->load(bad); }).first;
  };
  MemoryState bad = good;
  bad.put_f64("neo.mean", std::vector<double>(3));
  EXPECT_EQ(code(bad), ErrorCode::StateMismatch);
  bad = good;
  bad.put_i64("neo.count", std::vector<std::int64_t>{-1});
  EXPECT_EQ(code(bad), ErrorCode::BadFile);
  bad = good;
  bad.put_f64("neo.mean", std::vector<double>(4, std::numeric_limits<double>::infinity()));
  EXPECT_EQ(code(bad), ErrorCode::BadFile);
  MemoryState after;
  method->save(after);
  EXPECT_TRUE(good == after);
}

}  // namespace
}  // namespace zoa
