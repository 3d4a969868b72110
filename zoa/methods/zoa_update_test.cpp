// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_update.h"

#include <cmath>

#include <gtest/gtest.h>

namespace zoa {
namespace {

constexpr std::size_t kSize = 4;

KnowledgeBank make_bank() {
  return {{kSize}, {}, 0.0};
}

ZoaDirections ones(const KnowledgeBank& bank) {
  return {std::vector<double>(kSize, 1.0), std::vector<double>(bank.entries() + 1, 1.0)};
}

ZoaOptions plain_options() {
  ZoaOptions options;
  options.c = 1;
  options.lr = 0.1;
  options.wd = 0;
  return options;
}

double norm_of_total(const KnowledgeBank& bank) {
  double sum = 0;
  for (const double value : bank.total()) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

// difference 5, lr 0.1: every offset moves by -0.5, the norm of four of them is 1.
TEST(ZoaUpdate, WithoutLimitsByHand) {
  KnowledgeBank bank = make_bank();
  const auto bounds = update_bank(bank, plain_options(), ones(bank), 5, {});
  ASSERT_TRUE(bounds.has_value());
  EXPECT_FALSE(bounds->difference || bounds->step || bounds->offset);
  EXPECT_DOUBLE_EQ(bounds->step_norm, 1);
  EXPECT_DOUBLE_EQ(bounds->offset_norm, 1);
  for (const float value : bank.eps()) {
    EXPECT_FLOAT_EQ(value, -0.5F);
  }
}

TEST(ZoaUpdate, LimitsByHand) {
  StepLimits limits;
  limits.difference = 2;  // norm 0.4 a step
  KnowledgeBank clipped = make_bank();
  auto bounds = update_bank(clipped, plain_options(), ones(clipped), -5, limits);
  EXPECT_TRUE(bounds->difference && !bounds->step && !bounds->offset);
  EXPECT_NEAR(clipped.eps()[0], 0.2, 1e-6);

  limits.step_norm = 0.1;
  KnowledgeBank shortened = make_bank();
  bounds = update_bank(shortened, plain_options(), ones(shortened), 5, limits);
  EXPECT_TRUE(bounds->step && !bounds->offset);
  EXPECT_NEAR(norm_of_total(shortened), 0.1, 1e-6);

  limits.offset_norm = 0.25;
  for (int step = 0; step < 6; ++step) {
    bounds = update_bank(shortened, plain_options(), ones(shortened), 5, limits);
    EXPECT_LE(norm_of_total(shortened), 0.25 + 1e-6);
  }
  EXPECT_TRUE(bounds->offset);
  EXPECT_NEAR(norm_of_total(shortened), 0.25, 1e-6);
  EXPECT_EQ(bounds->offset_norm, 0.25);
}

// An entry that alpha turns up moves the whole offset although eps hardly moves: that counts too.
TEST(ZoaUpdate, LimitsHoldForTheBankToo) {
  KnowledgeBank bank = make_bank();
  bank.assign({0.0}, std::vector<float>(kSize, 1.0F));
  bank.insert();
  ZoaOptions options = plain_options();
  options.lr = 0;
  options.lr_alpha = 1;
  KnowledgeBank free = bank;
  const std::vector<double> before = bank.total();
  const auto loose =
      update_bank(free, options, {std::vector<double>(kSize, 1.0), {1.0, -1.0}}, 5, {});
  StepLimits limits;
  limits.step_norm = 1e-3;
  update_bank(bank, options, {std::vector<double>(kSize, 1.0), {1.0, -1.0}}, 5, limits);
  EXPECT_GT(loose->step_norm, 0.01);
  EXPECT_NEAR(std::abs(bank.total()[0] - before[0]) * 2, 1e-3, 1e-6);
}

TEST(ZoaUpdate, NothingFiniteNothingDone) {
  KnowledgeBank bank = make_bank();
  EXPECT_FALSE(update_bank(bank, plain_options(), ones(bank), NAN, {}).has_value());
  EXPECT_EQ(bank.eps()[0], 0.0F);
}

}  // namespace
}  // namespace zoa
