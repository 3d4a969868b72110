// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/directions.h"

#include <cstddef>

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

void RngDirections::eps(std::uint64_t step, std::span<double> out) {
  fill(seed_, step, RngPurpose::Eps, out);
}

void RngDirections::alpha(std::uint64_t step, std::span<double> out) {
  fill(seed_, step, RngPurpose::Alpha, out);
}

}  // namespace zoa
