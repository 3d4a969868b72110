// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/symmetric.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"

namespace zoa {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index check_size(std::span<const double> matrix, std::size_t n) {
  if (n == 0 || matrix.size() != n * n) {
    fail(ErrorCode::InvalidArgument, "matrix has ", matrix.size(), " numbers, expected ", n, " * ",
         n);
  }
  return static_cast<Eigen::Index>(n);
}

std::vector<double> to_vector(const Matrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

}  // namespace

std::vector<double> symmetric_power(std::span<const double> matrix,
                                    std::size_t n,
                                    double exponent,
                                    double least_eigenvalue) {
  const Eigen::Index size = check_size(matrix, n);
  if (!std::isfinite(exponent) || !std::isfinite(least_eigenvalue) || least_eigenvalue < 0 ||
      (least_eigenvalue == 0 && exponent < 0)) {
    fail(ErrorCode::InvalidArgument, "matrix power ", exponent, " with least eigenvalue ",
         least_eigenvalue, ": expected finite numbers and, for a negative power, a floor above 0");
  }
  const Eigen::Map<const Matrix> given(matrix.data(), size, size);
  if (!given.allFinite()) {
    fail(ErrorCode::InvalidArgument, "matrix power of ", n, " * ", n,
         " numbers that are not all finite: leave such a batch out");
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(given);
  if (solver.info() != Eigen::Success) {
    fail(ErrorCode::Internal, "the eigenvalues of a matrix of ", n, " * ", n, " did not converge");
  }
  const Eigen::ArrayXd powers = solver.eigenvalues().array().max(least_eigenvalue).pow(exponent);
  const Matrix& vectors = solver.eigenvectors();
  const Matrix product = vectors * powers.matrix().asDiagonal() * vectors.transpose();
  return to_vector(product.selfadjointView<Eigen::Lower>());
}

std::vector<double> multiply_square(std::span<const double> a,
                                    std::span<const double> b,
                                    std::size_t n) {
  const Eigen::Index size = check_size(a, n);
  check_size(b, n);
  const Matrix product = Eigen::Map<const Matrix>(a.data(), size, size) *
                         Eigen::Map<const Matrix>(b.data(), size, size);
  return to_vector(product);
}

}  // namespace zoa
