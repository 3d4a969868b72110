// SPDX-License-Identifier: Apache-2.0
// Powers of symmetric positive matrices, e.g. the whitening C^(-1/2) and the colouring C^(1/2) of a
// covariance. One thread, fixed order: the same bytes on every run. Eigen stays in the .cpp.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace zoa {

/// V diag(max(e, floor)^exponent) V' of a symmetric matrix V diag(e) V'.
/// matrix  (n, n) row-major; only the lower triangle is read
/// least_eigenvalue  floor of the eigenvalues, at least 0: what keeps C^(-1/2) of few samples
/// finite Returns  (n, n), exactly symmetric. Throws  InvalidArgument for another size, a number
/// that is not finite, a floor below 0, or a
///         floor of 0 with a negative exponent.
/// Checked  symmetric_test.cpp: by hand, and against the defining products up to n = 96.
std::vector<double> symmetric_power(std::span<const double> matrix,
                                    std::size_t n,
                                    double exponent,
                                    double least_eigenvalue);

/// a * b of square matrices, (n, n) row-major.
/// Throws  InvalidArgument if a or b has another size.
std::vector<double> multiply_square(std::span<const double> a,
                                    std::span<const double> b,
                                    std::size_t n);

}  // namespace zoa
