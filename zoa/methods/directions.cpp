// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/directions.h"

#include "zoa/core/rng.h"

namespace zoa {
namespace {

void fill(std::uint64_t seed, std::uint64_t step, RngPurpose purpose, std::span<double> out) {
  const Rng rng(seed, step, static_cast<std::uint32_t>(purpose));
  for (std::size_t i = 0; i < out.size(); ++i) {
    // 24 bits of size, one of sign, from the same word.
    const std::uint32_t bits = rng.bits(i);
    const double size = 0.5 + static_cast<double>(bits >> 8) * 0x1p-25;
    out[i] = (bits & 1) != 0 ? -size : size;
  }
}

}  // namespace

std::vector<double> draw_normals(std::uint64_t seed,
                                 std::uint64_t step,
                                 RngPurpose purpose,
                                 std::size_t count) {
  const Rng rng(seed, step, static_cast<std::uint32_t>(purpose));
  std::vector<double> normals(count);
  for (std::size_t i = 0; i < count; ++i) {
    normals[i] = rng.normal(i);
  }
  return normals;
}

std::vector<double> draw_uniform(std::uint64_t seed,
                                 RngPurpose purpose,
                                 double range,
                                 std::size_t count) {
  const Rng rng(seed, 0, static_cast<std::uint32_t>(purpose));
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = range * (2 * rng.uniform(i) - 1);
  }
  return values;
}

void RngDirections::eps(std::uint64_t step, std::span<double> out) {
  fill(seed_, step, RngPurpose::Eps, out);
}

void RngDirections::alpha(std::uint64_t step, std::span<double> out) {
  fill(seed_, step, RngPurpose::Alpha, out);
}

}  // namespace zoa
