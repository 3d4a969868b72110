// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/shifts.h"

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/data/test_fake_dataset.h"

namespace zoa {
namespace {

TEST(Shifts, AllAreTheUsualFifteenAndExtraTheFourOthers) {
  EXPECT_EQ(15U, expand_corruptions({"all"}).size());
  EXPECT_EQ(4U, expand_corruptions({"extra"}).size());
  EXPECT_EQ((std::vector<std::string>{"fog", "x"}), expand_corruptions({"fog", "x"}));
}

TEST(Shifts, AreMadeOfTheCleanDomain) {
  const auto data = std::make_shared<const test::FakeDataset>(2, 2);
  EXPECT_EQ("fake0", clean_domain(*data));
  EXPECT_EQ(data, make_shifts(data, {}, {5}));
  const auto shifts = make_shifts(data, {"contrast", "fog"}, {1, 5});
  EXPECT_EQ(4U, shifts->domains().size());
  EXPECT_EQ(ErrorCode::InvalidArgument,
            test::error_of([&] { make_shifts(data, {"x"}, {5}); }).first);
}

}  // namespace
}  // namespace zoa
