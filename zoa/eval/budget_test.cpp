// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/budget.h"

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

ModelInfo vit() {
  ModelInfo model;
  model.name = "vit";
  model.classes = 10;
  model.taps = {{"blocks.0", 0, 8}};
  model.tap_width = 8;
  return model;
}

TEST(Budget, AMethodThatNeedsMoreIsRefused) {
  EXPECT_TRUE(fit_passes("zoa", {}, vit(), 2).empty());
  try {
    fit_passes("zoa", {}, vit(), 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_STREQ(error.what(),
                 "option 'passes': 1 a batch, but method 'zoa' takes up to 2; raise the budget or "
                 "leave the method out");
  }
}

TEST(Budget, NoBudgetLeavesMethodsAsPublished) {
  EXPECT_TRUE(fit_passes("zoa", {}, vit(), 0).empty());
  EXPECT_TRUE(fit_passes("foa", {}, vit(), 0).empty());
}

TEST(Budget, AMethodWithAPopulationTakesItsSizeFromIt) {
  const OptionValues fitted = fit_passes("foa", {}, vit(), 5);
  ASSERT_EQ(fitted.size(), 1U);
  EXPECT_EQ(fitted[0], (std::pair<std::string, std::string>("passes", "5")));
  EXPECT_EQ(method_needs("foa", fitted, vit()).most_passes, 5U);
}

TEST(Budget, WhatTheUserSetsIsKeptAndCheckedAgainstIt) {
  EXPECT_EQ(fit_passes("foa", {{"passes", "4"}}, vit(), 6).size(), 1U);
  EXPECT_THROW(fit_passes("foa", {{"passes", "28"}}, vit(), 6), Error);
}

}  // namespace
}  // namespace zoa
