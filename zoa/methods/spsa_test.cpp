// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/spsa.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(Spsa, OffsetsByHand) {
  std::vector<float> eps = {0.5F, 0};
  const std::vector<double> direction = {0.5, -1};
  // g = 0.2 / (0.1 * d) = 4, -2; out = old - 0.01 * (g + 0.4 * old).
  update_offsets({0.2, 0.1, 0.01, 0.4}, eps, direction, eps);
  EXPECT_FLOAT_EQ(eps[0], 0.5F - 0.01F * (4 + 0.2F));
  EXPECT_FLOAT_EQ(eps[1], 0.02F);
}

TEST(Spsa, AlphaMovesAgainstTheSign) {
  std::vector<double> alpha = {0.25, 1};
  const std::vector<double> direction = {0.5, -1};
  update_alpha({0.2, 0.05, 0.01, 0.1}, alpha, direction, alpha);
  EXPECT_NEAR(alpha[0], 0.25 * 0.999 - 0.01, 1e-10);
  EXPECT_NEAR(alpha[1], 0.999 + 0.01, 1e-10);
}

TEST(Spsa, EqualLossesOnlyDecay) {
  std::vector<double> alpha = {1};
  const std::vector<double> direction = {0.7};
  update_alpha({0, 0.05, 0.01, 0.1}, alpha, direction, alpha);
  EXPECT_DOUBLE_EQ(alpha[0], 0.999);
}

TEST(Spsa, NotANumberGoesThrough) {
  std::vector<float> eps = {1};
  const std::vector<double> direction = {0.7};
  update_offsets({std::nan(""), 0.1, 0.01, 0.4}, eps, direction, eps);
  EXPECT_TRUE(std::isnan(eps[0]));
}

}  // namespace
}  // namespace zoa
