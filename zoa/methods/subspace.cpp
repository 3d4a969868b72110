// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/subspace.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::size_t kMostBlock = 32768;  // the reference's, the limit of its kernel

std::vector<double> draw_signs(std::uint64_t seed, RngPurpose purpose, std::size_t count) {
  const Rng rng(seed, 0, static_cast<std::uint32_t>(purpose));
  std::vector<double> signs(count);
  for (std::size_t i = 0; i < count; ++i) {
    signs[i] = (rng.bits(i) & 1) != 0 ? -1 : 1;
  }
  return signs;
}

// Fisher and Yates. 32 bits modulo i favour small places by less than 2^-16 for N <= 65,536.
std::vector<std::size_t> draw_permutation(std::uint64_t seed, std::size_t count) {
  const Rng rng(seed, 0, static_cast<std::uint32_t>(RngPurpose::Permutation));
  std::vector<std::size_t> permutation(count);
  std::iota(permutation.begin(), permutation.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) {
    std::swap(permutation[i - 1], permutation[rng.bits(i) % i]);
  }
  return permutation;
}

}  // namespace

void transform_hadamard(std::span<double> values) {
  for (std::size_t half = 1; half < values.size(); half *= 2) {
    for (std::size_t start = 0; start < values.size(); start += 2 * half) {
      for (std::size_t i = start; i < start + half; ++i) {
        const double a = values[i];
        const double b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

Subspace::Subspace(std::uint64_t seed, std::size_t width, std::size_t parameters)
    : seed_(seed), width_(width), parameters_(parameters) {
  if (width == 0 || width > parameters) {
    fail(ErrorCode::InvalidArgument, "a subspace of ", width, " of ", parameters,
         " parameters, expected at least 1 and at most all");
  }
  const std::size_t padded = std::bit_ceil(parameters);
  block_ = std::min(padded, kMostBlock);
  first_signs_ = draw_signs(seed, RngPurpose::SignsFirst, padded);
  second_signs_ = draw_signs(seed, RngPurpose::SignsSecond, padded);
  permutation_ = draw_permutation(seed, padded);
  const std::vector<double> probe = draw_normals(seed, 0, RngPurpose::Probe, width);
  scale_ = norm_of(probe) / norm_of(project(probe));
}

void Subspace::transform_blocks(std::vector<double>& values) const {
  for (std::size_t start = 0; start < values.size(); start += block_) {
    transform_hadamard(std::span(values).subspan(start, block_));
  }
}

std::vector<double> Subspace::project(std::span<const double> coordinates) const {
  if (coordinates.size() != width_) {
    fail(ErrorCode::Internal, "found ", coordinates.size(), " coordinates, expected ", width_);
  }
  std::vector<double> values(permutation_.size());
  for (std::size_t i = 0; i < width_; ++i) {
    values[i] = first_signs_[i] * coordinates[i];
  }
  transform_blocks(values);
  std::vector<double> mixed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    mixed[i] = second_signs_[i] * values[permutation_[i]];
  }
  transform_blocks(mixed);
  mixed.resize(parameters_);
  for (double& value : mixed) {
    value *= scale_;
  }
  return mixed;
}

}  // namespace zoa
