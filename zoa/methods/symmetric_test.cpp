// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/symmetric.h"

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

void expect_near(std::span<const double> found, std::span<const double> wanted, double most) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], most) << i;
  }
}

// Covariance of `samples` normal rows of n numbers, the columns of unlike size.
std::vector<double> make_covariance(std::size_t n, std::size_t samples) {
  const Rng rng(5, 0, 77);
  std::vector<double> covariance(n * n, 0.0);
  std::vector<double> row(n);
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t a = 0; a < n; ++a) {
      row[a] = static_cast<double>(a % 5 + 1) * rng.normal(s * n + a);
    }
    for (std::size_t i = 0; i < n * n; ++i) {
      covariance[i] += row[i / n] * row[i % n] / static_cast<double>(samples);
    }
  }
  return covariance;
}

// [[5, 4], [4, 5]] has the eigenvalues 9 for (1, 1) and 1 for (1, -1): its root is
// 3/2 [[1, 1], [1, 1]] + 1/2 [[1, -1], [-1, 1]].
TEST(Symmetric, RootsByHand) {
  const std::vector<double> matrix = {5, 4, 4, 5};
  expect_near(symmetric_power(matrix, 2, 0.5, 0), std::vector<double>{2, 1, 1, 2}, 1e-12);
  expect_near(symmetric_power(matrix, 2, -0.5, 1e-9),
              std::vector<double>{2.0 / 3, -1.0 / 3, -1.0 / 3, 2.0 / 3}, 1e-12);
  expect_near(symmetric_power(matrix, 2, 1, 0), matrix, 1e-12);
}

// The floor lifts the eigenvalue 1 to 4: root 3/2 [[1, 1], [1, 1]] + 2/2 [[1, -1], [-1, 1]].
TEST(Symmetric, EigenvaluesHaveAFloor) {
  expect_near(symmetric_power(std::vector<double>{5, 4, 4, 5}, 2, 0.5, 4),
              std::vector<double>{2.5, 0.5, 0.5, 2.5}, 1e-12);
  // Rank one: finite all the same, 1 / sqrt(floor) across.
  const std::vector<double> flat = symmetric_power(std::vector<double>{1, 1, 1, 1}, 2, -0.5, 1e-4);
  EXPECT_NEAR(flat[0] - flat[1], 100, 1e-6);
}

TEST(Symmetric, PowersMultiply) {
  constexpr std::size_t kSize = 96;
  const std::vector<double> covariance = make_covariance(kSize, 3 * kSize);
  const std::vector<double> root = symmetric_power(covariance, kSize, 0.5, 0);
  expect_near(multiply_square(root, root, kSize), covariance, 1e-10);
  const std::vector<double> inverse = symmetric_power(covariance, kSize, -0.5, 1e-12);
  std::vector<double> identity(kSize * kSize, 0.0);
  for (std::size_t i = 0; i < kSize; ++i) {
    identity[i * kSize + i] = 1;
    EXPECT_EQ(inverse[i], inverse[i * kSize]);  // exactly symmetric
  }
  expect_near(multiply_square(root, inverse, kSize), identity, 1e-10);
  EXPECT_EQ(root, symmetric_power(covariance, kSize, 0.5, 0));
}

TEST(Symmetric, ProductsByHand) {
  expect_near(multiply_square(std::vector<double>{1, 2, 3, 4}, std::vector<double>{5, 6, 7, 8}, 2),
              std::vector<double>{19, 22, 43, 50}, 1e-12);
}

TEST(Symmetric, RefusesWhatHasNoPower) {
  const std::vector<double> matrix = {5, 4, 4, 5};
  const std::vector<double> bad(4, std::numeric_limits<double>::quiet_NaN());
  const auto expect_refused = [](const auto& call, const std::string& word) {
    const auto [code, text] = test::error_of(call);
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    EXPECT_NE(text.find(word), std::string::npos) << text;
  };
  expect_refused([&] { symmetric_power(matrix, 3, 0.5, 0); }, "expected 3 * 3");
  expect_refused([&] { symmetric_power(matrix, 2, -0.5, 0); }, "a floor above 0");
  expect_refused([&] { symmetric_power(matrix, 2, 0.5, -1); }, "least eigenvalue -1");
  expect_refused([&] { multiply_square(matrix, {}, 2); }, "matrix has 0 numbers");
  expect_refused([&] { symmetric_power(bad, 2, 0.5, 0); }, "not all finite");
}

}  // namespace
}  // namespace zoa
