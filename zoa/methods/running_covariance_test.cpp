// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/running_covariance.h"

#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

// Rows (0, 0), (2, 2), (4, 8), (6, 10): means 3 and 5; sums of products 20, 36 and 68 over 3.
TEST(RunningCovariance, BatchesMergeToTheWhole) {
  const std::vector<float> rows = {0, 0, 2, 2, 4, 8, 6, 10};
  for (const std::size_t split : {0U, 1U, 2U, 3U, 4U}) {
    RunningCovariance running(2);
    running.observe(std::span(rows).first(2 * split));
    running.observe(std::span(rows).subspan(2 * split));
    EXPECT_EQ(running.count(), 4);
    EXPECT_NEAR(running.mean()[0], 3, 1e-12);
    EXPECT_NEAR(running.mean()[1], 5, 1e-12);
    const std::vector<double> covariance = running.covariance();
    EXPECT_NEAR(covariance[0], 20.0 / 3, 1e-12);
    EXPECT_NEAR(covariance[1], 36.0 / 3, 1e-12);
    EXPECT_NEAR(covariance[2], 36.0 / 3, 1e-12);
    EXPECT_NEAR(covariance[3], 68.0 / 3, 1e-12);
  }
}

TEST(RunningCovariance, OneRowHasNone) {
  RunningCovariance running(2);
  running.observe(std::vector<float>{3, 4});
  EXPECT_EQ(running.covariance(), std::vector<double>(4, 0.0));
  EXPECT_EQ(running.mean(), (std::vector<double>{3, 4}));
}

TEST(RunningCovariance, ReadBackAndRefused) {
  RunningCovariance running(2);
  running.observe(std::vector<float>{3, 4, 5, 5});
  MemoryState good;
  running.save(good, "x");
  RunningCovariance other(2);
  other.load(good, "x");
  EXPECT_EQ(other.covariance(), running.covariance());
  RunningCovariance wide(3);
  EXPECT_EQ(test::error_of([&] { wide.load(good, "x"); }).first, ErrorCode::StateMismatch);
  good.put_i64("x.count", std::vector<std::int64_t>{-2});
  EXPECT_EQ(test::error_of([&] { other.load(good, "x"); }).first, ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
