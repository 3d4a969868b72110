// SPDX-License-Identifier: Apache-2.0
// The random directions of zeroth-order steps. Tests of ZOA hand in recorded ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace zoa {

/// Keeps the uses of one seed apart. Saved states depend on the numbers: never reuse one.
enum class RngPurpose : std::uint32_t {
  Eps = 1,
  Alpha = 2,
  AlphaFirst = 3,
  SearchNormals = 20,  ///< foa, pace: the candidates of a generation
  SearchStart = 21,    ///< foa: the first incumbent, or the start of the input filter
  FozoStart = 22,      ///< fozo: the prompts at the start
  FozoDirection = 23,  ///< fozo: Z
  SignsFirst = 24,     ///< pace: of the projection, as the next three
  SignsSecond = 25,
  Permutation = 26,
  Probe = 27,
  Eva0 = 30,  ///< eva0: a direction per image
};

/// Standard normals number 0 .. count - 1 of this stream.
std::vector<double> draw_normals(std::uint64_t seed,
                                 std::uint64_t step,
                                 RngPurpose purpose,
                                 std::size_t count);

/// The same, uniform in [-range, range).
std::vector<double> draw_uniform(std::uint64_t seed,
                                 RngPurpose purpose,
                                 double range,
                                 std::size_t count);

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
