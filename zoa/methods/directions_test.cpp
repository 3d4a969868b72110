// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/directions.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace zoa {
namespace {

std::vector<double> draw(std::uint64_t seed, std::uint64_t step, std::size_t count) {
  std::vector<double> out(count);
  RngDirections(seed).eps(step, out);
  return out;
}

TEST(Directions, AreUniformWithRandomSigns) {
  const std::vector<double> out = draw(1, 0, 20000);
  double sum = 0;
  double sizes = 0;
  for (const double value : out) {
    EXPECT_GE(std::abs(value), 0.5);
    EXPECT_LT(std::abs(value), 1.0);
    sum += value;
    sizes += std::abs(value);
  }
  EXPECT_NEAR(sum / 20000, 0, 0.02);
  EXPECT_NEAR(sizes / 20000, 0.75, 0.005);
}

TEST(Directions, DependOnSeedStepAndPurposeOnly) {
  const std::vector<double> out = draw(1, 5, 100);
  EXPECT_EQ(out, draw(1, 5, 100));
  EXPECT_NE(out, draw(2, 5, 100));
  EXPECT_NE(out, draw(1, 6, 100));
  const std::vector<double> longer = draw(1, 5, 1000);
  EXPECT_TRUE(std::equal(out.begin(), out.end(), longer.begin()));
  std::vector<double> alpha(100);
  RngDirections(1).alpha(5, alpha);
  EXPECT_NE(out, alpha);
}

TEST(Directions, NormalsAndUniformNumbersOfAStream) {
  const std::vector<double> normals = draw_normals(1, 5, RngPurpose::SearchNormals, 20000);
  double sum = 0;
  double squares = 0;
  for (const double value : normals) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 20000, 0, 0.03);
  EXPECT_NEAR(squares / 20000, 1, 0.04);
  EXPECT_NE(normals, draw_normals(1, 6, RngPurpose::SearchNormals, 20000));
  EXPECT_NE(normals, draw_normals(1, 5, RngPurpose::FozoDirection, 20000));

  const std::vector<double> uniform = draw_uniform(1, RngPurpose::FozoStart, 0.5, 20000);
  const auto [least, most] = std::minmax_element(uniform.begin(), uniform.end());
  EXPECT_GE(*least, -0.5);
  EXPECT_LT(*least, -0.49);
  EXPECT_LT(*most, 0.5);
  EXPECT_GT(*most, 0.49);
}

}  // namespace
}  // namespace zoa
