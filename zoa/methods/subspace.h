// SPDX-License-Identifier: Apache-2.0
// A random subspace of a large parameter vector, for pace: random signs, Hadamard transform, random
// permutation, random signs, Hadamard transform. Nothing but its seed needs to be kept.
// Le, Sarlos and Smola, "Fastfood" (ICML 2013), without the Gaussian part. docs/methods/pace.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace zoa {

/// In place, not scaled: values (2^k) becomes H values with entries +-1 of H.
void transform_hadamard(std::span<double> values);

class Subspace {
 public:
  /// width  coordinates r in the subspace;  parameters  P >= r
  /// Throws  InvalidArgument for r = 0 or r > P.
  Subspace(std::uint64_t seed, std::size_t width, std::size_t parameters);

  std::uint64_t seed() const { return seed_; }
  std::size_t width() const { return width_; }
  std::size_t parameters() const { return parameters_; }

  /// (P) of coordinates (r): linear, and scaled so that one random vector keeps its length.
  std::vector<double> project(std::span<const double> coordinates) const;

 private:
  void transform_blocks(std::vector<double>& values) const;

  std::uint64_t seed_;
  std::size_t width_;
  std::size_t parameters_;
  std::size_t block_;
  double scale_ = 1;
  std::vector<double> first_signs_;  // (N), N = the power of two that holds P
  std::vector<double> second_signs_;
  std::vector<std::size_t> permutation_;
};

}  // namespace zoa
