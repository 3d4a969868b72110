// SPDX-License-Identifier: Apache-2.0
// The random directions of the zeroth-order step. Tests hand in recorded ones.
#pragma once

#include <cstdint>
#include <span>

namespace zoa {

/// Keeps the uses of one seed apart. Saved states depend on the numbers: never reuse one.
enum class RngPurpose : std::uint32_t { Eps = 1, Alpha = 2, AlphaFirst = 3, Eva0 = 20 };

class Directions {
 public:
  virtual ~Directions() = default;
  /// Fills the direction of the norm offsets, (P), and of alpha, (M + 1), of step number `step`.
  /// The same step must bring the same numbers however often it is asked for.
  virtual void eps(std::uint64_t step, std::span<double> out) = 0;
  virtual void alpha(std::uint64_t step, std::span<double> out) = 0;
};

/// Each component by itself: uniform in [0.5, 1) with a random sign, a pure function of seed, step,
/// purpose and index.
/// No component is near zero, so the elementwise division by the direction stays bounded.
/// Source  ZOA paper; docs/methods/zoa.md.
class RngDirections : public Directions {
 public:
  explicit RngDirections(std::uint64_t seed) : seed_(seed) {}
  void eps(std::uint64_t step, std::span<double> out) override;
  void alpha(std::uint64_t step, std::span<double> out) override;

 private:
  std::uint64_t seed_;
};

}  // namespace zoa
