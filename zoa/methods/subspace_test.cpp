// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/subspace.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/directions.h"

namespace zoa {
namespace {

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

TEST(Subspace, HadamardByHand) {
  std::vector<double> values = {1, 2, 3, 5};
  transform_hadamard(values);
  EXPECT_EQ(values, (std::vector<double>{11, -3, -5, 1}));
}

// Where all parameters are a power of two, both transforms are orthogonal: lengths and angles stay.
TEST(Subspace, KeepsLengthsAndAngles) {
  const Subspace subspace(3, 40, 256);
  const std::vector<double> a = draw_normals(1, 0, RngPurpose::SearchNormals, 40);
  const std::vector<double> b = draw_normals(1, 1, RngPurpose::SearchNormals, 40);
  const std::vector<double> pa = subspace.project(a);
  const std::vector<double> pb = subspace.project(b);
  ASSERT_EQ(pa.size(), 256U);
  EXPECT_NEAR(product(pa, pa), product(a, a), 1e-9);
  EXPECT_NEAR(product(pa, pb), product(a, b), 1e-9);
}

// P of a ViT-B: cut from 32,768, so lengths are kept on average only.
TEST(Subspace, NearlyKeepsLengthsWhereItIsCut) {
  const Subspace subspace(3, 2304, 24576);
  for (std::uint64_t step = 0; step < 4; ++step) {
    const std::vector<double> a = draw_normals(1, step, RngPurpose::SearchNormals, 2304);
    const std::vector<double> pa = subspace.project(a);
    EXPECT_NEAR(product(pa, pa) / product(a, a), 1, 0.05);
  }
}

// Above 32,768 the blocks are transformed apart; the permutation between spreads over both.
TEST(Subspace, TwoBlocks) {
  const Subspace subspace(3, 10, 65536);
  std::vector<double> unit(10);
  unit[4] = 1;
  const std::vector<double> projected = subspace.project(unit);
  double first = 0;
  for (std::size_t i = 0; i < 32768; ++i) {
    first += projected[i] * projected[i];
  }
  EXPECT_NEAR(first, 0.5, 0.05);
  EXPECT_NEAR(product(projected, projected), 1, 1e-9);
}

TEST(Subspace, DependsOnItsSeed) {
  const std::vector<double> ones(5, 1);
  EXPECT_EQ(Subspace(3, 5, 20).project(ones), Subspace(3, 5, 20).project(ones));
  EXPECT_NE(Subspace(3, 5, 20).project(ones), Subspace(4, 5, 20).project(ones));
  EXPECT_EQ(test::error_of([] { Subspace(1, 21, 20); }).first, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
