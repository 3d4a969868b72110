// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/rng.h"

#include <cmath>
#include <numbers>

namespace zoa {
namespace {

// Multipliers and Weyl constants of Philox4x32 (Salmon et al., SC 2011, section 4.3).
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

std::array<std::uint32_t, 4> detail::philox4x32(std::array<std::uint32_t, 4> counter,
                                                std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::uint32_t Rng::bits(std::uint64_t index) const noexcept {
  // Counter: block, purpose, step (64 bits); key: seed. No two streams share a block.
  const std::array<std::uint32_t, 4> block = detail::philox4x32(
      {low(index >> 2), purpose_, low(step_), high(step_)}, {low(seed_), high(seed_)});
  return block[index & 3];
}

double Rng::uniform(std::uint64_t index) const noexcept {
  return static_cast<double>(bits(index) >> 8) * 0x1p-24;
}

double Rng::normal(std::uint64_t index) const noexcept {
  // (0, 1]: the logarithm stays finite.
  const double radius = (static_cast<double>(bits(2 * index)) + 1) * 0x1p-32;
  const double turn = static_cast<double>(bits(2 * index + 1)) * 0x1p-32;
  return std::sqrt(-2 * std::log(radius)) * std::cos(2 * std::numbers::pi * turn);
}

std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t z = a + 0x9E3779B97F4A7C15ULL * (b + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace zoa
