// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: number i of stream (seed, step, purpose) is a pure function of
// these, so results do not depend on threads, on order, or on how often a state was saved.
// Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace zoa {

class Rng {
 public:
  /// seed, step: the run and the position in it; purpose keeps independent uses apart.
  Rng(std::uint64_t seed, std::uint64_t step, std::uint32_t purpose = 0) noexcept
      : seed_(seed), step_(step), purpose_(purpose) {}

  /// 32 random bits number `index`. index < 2^32 * 4 per stream.
  std::uint32_t bits(std::uint64_t index) const noexcept;
  /// Uniform in [0, 1) with 24 bits.
  double uniform(std::uint64_t index) const noexcept;
  /// Standard normal (Box-Muller; uses two numbers of its own stream per index).
  double normal(std::uint64_t index) const noexcept;

 private:
  std::uint64_t seed_;
  std::uint64_t step_;
  std::uint32_t purpose_;
};

/// A 64-bit mix of two values (SplitMix64 finalizer), for seeds derived from names and ids.
std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b) noexcept;

namespace detail {
/// One block of Philox4x32-10. Checked against the known-answer vectors of Random123.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) noexcept;
}  // namespace detail

}  // namespace zoa
