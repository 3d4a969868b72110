// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/rng.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace zoa {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Known-answer vectors of Random123 (kat_vectors, philox4x32 with 10 rounds).
TEST(Rng, PhiloxKnownAnswers) {
  EXPECT_EQ(detail::philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(detail::philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(detail::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                               {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// What saved runs depend on: never change these numbers.
TEST(Rng, StreamLayoutIsFixed) {
  const Block block = detail::philox4x32({2, 5, 0x89abcdef, 0x01234567}, {42, 1});
  const Rng rng((std::uint64_t{1} << 32) + 42, 0x0123456789abcdef, 5);
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rng.bits(8 + i), block[i]);
  }
  EXPECT_EQ(Rng(0, 0).bits(0), 0x6627e8d5U);
  EXPECT_EQ(Rng(0, 0).uniform(0), 0x6627e8 / 16777216.0);
}

TEST(Rng, StreamsDiffer) {
  std::set<std::uint32_t> seen;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    for (std::uint64_t step = 0; step < 5; ++step) {
      for (std::uint32_t purpose = 0; purpose < 5; ++purpose) {
        seen.insert(Rng(seed, step, purpose).bits(0));
      }
    }
  }
  EXPECT_EQ(seen.size(), 125U);
}

TEST(Rng, MomentsOfUniformAndNormal) {
  const Rng rng(1, 2, 3);
  constexpr std::uint64_t kCount = 100000;
  double uniform = 0;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const double u = rng.uniform(i);
    ASSERT_TRUE(u >= 0 && u < 1);
    uniform += u;
    const double x = rng.normal(i);
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  EXPECT_NEAR(uniform / kCount, 0.5, 0.005);
  EXPECT_NEAR(sum / kCount, 0, 0.015);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(fourth / kCount, 3, 0.15);
}

TEST(Rng, MixSeedSeparatesNeighbours) {
  EXPECT_EQ(mix_seed(0, 0), 0xe220a8397b1dcdafULL);  // first output of SplitMix64 with seed 0
  EXPECT_NE(mix_seed(0, 1), mix_seed(1, 0));
  EXPECT_NE(mix_seed(1, 1), mix_seed(1, 2));
}

}  // namespace
}  // namespace zoa
