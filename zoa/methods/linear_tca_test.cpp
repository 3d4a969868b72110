// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/linear_tca.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/methods/method_contract.h"
#include "zoa/methods/symmetric.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted, double most) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], most) << i;
  }
}

// Diagonal covariances: the mean variance of the target is 2.5, so a ridge of 1 adds 2.5.
TEST(LinearTca, ClosedFormByHand) {
  const LinearTcaOptions options;
  expect_near(compute_alignment(options, std::vector<double>{4, 0, 0, 1},
                                std::vector<double>{1, 0, 0, 9}, 2),
              {std::sqrt(3.5 / 6.5), 0, 0, std::sqrt(11.5 / 3.5)}, 1e-12);
  LinearTcaOptions bare;
  bare.ridge = 1e-6;
  const std::vector<double> target = {5, 4, 4, 5};
  const std::vector<double> source = {3, 1, 1, 2};
  const std::vector<double> map = compute_alignment(bare, target, source, 2);
  const std::vector<double> turned = {map[0], map[2], map[1], map[3]};
  expect_near(multiply_square(turned, multiply_square(target, map, 2), 2), source, 1e-4);
}

TEST(LinearTca, WithoutVarianceNothingIsMapped) {
  expect_near(compute_alignment({}, std::vector<double>(4, 0.0), std::vector<double>(4, 0.0), 2),
              {1, 0, 0, 1}, 0);
}

// Adam's first step is its step size, against the sign of 4 C_T (C_T - C_S); where that is 0, none.
TEST(LinearTca, AdamByHand) {
  LinearTcaOptions options;
  options.adam_steps = 1;
  options.adam_lr = 0.01;
  const std::vector<double> target = {4, 0, 0, 1};
  expect_near(compute_alignment(options, target, std::vector<double>{1, 0, 0, 9}, 2),
              {0.99, 0, 0, 1.01}, 1e-8);
  options.adam_steps = 3000;
  const std::vector<double> source = {3, 1, 1, 2};
  const std::vector<double> map = compute_alignment(options, target, source, 2);
  const std::vector<double> turned = {map[0], map[2], map[1], map[3]};
  expect_near(multiply_square(turned, multiply_square(target, map, 2), 2), source, 1e-3);
}

// Features in channel 0 only. Of 1 and 3 the 3 is surer of class 2 and, with one sample per class,
// stands for the source: mean 3, no variance. The target has mean 2 and variance 2, 1/2 on average
// over four channels: W = sqrt(0.5 / 2.5). Then 5 takes over; the target's mean is 3, its variance
// 4: W = sqrt(1 / 5).
TEST(LinearTca, TwoStepsByHand) {
  FakeForward forward(Family::Vit, linear_tca_info({}, {}));
  const auto method = make_method("lineartca", {{"filter", "1"}}, 1, forward.info(), {});
  const auto step = [&](const std::vector<test::Row>& rows) {
    const StepResult result = method->step(test::make_flat_batch(rows), forward);
    method->accept();
    return result.logits;
  };
  const double map = std::sqrt(0.2);
  const std::vector<float> first = step({{1, 0, 0, 0}, {3, 0, 0, 0}});
  EXPECT_NEAR(first[2], 2 * (3 - map), 1e-5);
  EXPECT_NEAR(first[5], 2 * (3 + map), 1e-5);
  const std::vector<float> second = step({{5, 0, 0, 0}});
  EXPECT_NEAR(second[2], 2 * (5 + 2 * map), 1e-5);
  EXPECT_EQ(forward.passes(), 1U);
}

TEST(LinearTca, WithAdamKeepsTheContract) {
  EXPECT_EQ(check_method("lineartca", {{"adam_steps", "20"}, {"filter", "5"}}),
            std::vector<std::string>());
}

}  // namespace
}  // namespace zoa
