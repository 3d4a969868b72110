// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"

namespace zoa {
namespace {

using Floats = std::vector<float>;

Floats normal_values(std::size_t count, std::uint64_t seed) {
  const Rng rng(seed, 3);
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(rng.normal(i));
  }
  return values;
}

// Mean of x x^T over random x whose entries are mixed and of different sizes.
Floats correlated_moments(std::size_t width, std::uint64_t seed) {
  const std::size_t count = 2 * width + 5;
  const Floats raw = normal_values(count * width, seed);
  Floats inputs(raw);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t c = i % width;
    const float shared = raw[i / width * width];  // of the row
    inputs[i] = (raw[i] + 1.2F * shared + 0.5F) * (0.2F + static_cast<float>(c % 5));
  }
  Floats moments(width * width);
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) {
      double sum = 0;
      for (std::size_t n = 0; n < count; ++n) {
        sum += static_cast<double>(inputs[n * width + a] * inputs[n * width + b]);
      }
      moments[a * width + b] = static_cast<float>(sum / static_cast<double>(count));
    }
  }
  return moments;
}

struct Problem {
  std::size_t rows;
  std::size_t width;
  Floats weights;
  Floats moments;
  Floats noise;

  Problem(std::size_t num_rows, std::size_t num_columns, std::uint64_t seed)
      : rows(num_rows),
        width(num_columns),
        weights(normal_values(rows * width, seed)),
        moments(correlated_moments(width, seed + 100)),
        noise(width, 0.0F) {}

  InputMoments inputs() const { return {width, moments, noise}; }

  std::vector<WeightGrid> grids(int bits) const {
    const Floats uniform{1.0F};
    std::vector<WeightGrid> found;
    for (std::size_t r = 0; r < rows; ++r) {
      found.push_back(
          find_grid(std::span(weights).subspan(r * width, width), uniform, grid_rule(bits, false)));
    }
    return found;
  }

  QuantizedWeights round(int bits, const RoundingOptions& options = {}) const {
    return round_weights(weights, inputs(), grids(bits), options);
  }

  // E |w x - q (x + d)|^2 of one row.
  double error(std::size_t row, const std::vector<double>& q) const {
    double sum = 0;
    const auto off = [&](std::size_t c) {
      return static_cast<double>(weights[row * width + c]) - q[c];
    };
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) {
        sum += off(a) * off(b) * static_cast<double>(moments[a * width + b]);
      }
      sum += q[a] * q[a] * static_cast<double>(noise[a]);
    }
    return sum;
  }

  double error(const QuantizedWeights& rounded) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<double> q(width);
      for (std::size_t c = 0; c < width; ++c) {
        q[c] = static_cast<double>(rounded.codes[r * width + c]) *
               static_cast<double>(rounded.scales[r]);
      }
      sum += error(r, q);
    }
    return sum;
  }
};

TEST(RoundToNearest, IsTheGridsNearestCode) {
  const Problem problem(3, 7, 1);
  const auto grids = problem.grids(4);
  const QuantizedWeights rounded = round_to_nearest(problem.weights, grids);
  ASSERT_EQ(rounded.codes.size(), problem.weights.size());
  for (std::size_t i = 0; i < rounded.codes.size(); ++i) {
    EXPECT_EQ(rounded.codes[i], grids[i / 7].code(problem.weights[i]));
  }
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(rounded.scales[r], grids[r].scale);
  }
}

TEST(RoundWeights, IsFarBetterThanNearestOnCorrelatedInputs) {
  for (const std::size_t width : {3U, 16U, 50U}) {
    for (const int bits : {2, 3, 4, 6}) {
      double sum = 0;
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Problem problem(6, width, seed);
        const double nearest =
            problem.error(round_to_nearest(problem.weights, problem.grids(bits)));
        const double found = problem.error(problem.round(bits));
        EXPECT_LE(found, nearest) << width << " " << bits << " " << seed;
        sum += found / nearest / 4;
      }
      EXPECT_LT(sum, 0.6) << width << " " << bits;
    }
  }
}

TEST(RoundWeights, PassingErrorsOnAloneIsBetterThanNearest) {
  RoundingOptions options;
  options.sweeps = 0;
  double found = 0;
  double nearest = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Problem problem(8, 24, seed);
    nearest += problem.error(round_to_nearest(problem.weights, problem.grids(4)));
    found += problem.error(problem.round(4, options));
  }
  EXPECT_LT(found, 0.6 * nearest);
}

// So that most inputs are left to make up for its error.
TEST(RoundWeights, TheLargestInputIsRoundedFirst) {
  Problem problem(40, 6, 3);
  for (std::size_t i = 0; i < 6; ++i) {
    problem.moments[6 * 4 + i] *= 9;
    problem.moments[6 * i + 4] *= 9;
  }
  RoundingOptions options;
  options.sweeps = 0;
  const QuantizedWeights rounded = problem.round(4, options);
  const QuantizedWeights nearest = round_to_nearest(problem.weights, problem.grids(4));
  for (std::size_t i = 4; i < rounded.codes.size(); i += 6) {
    EXPECT_EQ(rounded.codes[i], nearest.codes[i]) << i;
  }
  EXPECT_NE(rounded.codes, nearest.codes);
}

TEST(RoundWeights, SweepsOfDescentHelp) {
  double passed_on = 0;
  double swept = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Problem problem(8, 24, seed);
    RoundingOptions options;
    options.sweeps = 0;
    passed_on += problem.error(problem.round(3, options));
    swept += problem.error(problem.round(3));
  }
  EXPECT_LT(swept, 0.95 * passed_on);
}

// Independent inputs: no error of one column can be made up for by another.
TEST(RoundWeights, IsNearestOnUncorrelatedInputs) {
  Problem problem(5, 12, 2);
  for (std::size_t i = 0; i < problem.moments.size(); ++i) {
    problem.moments[i] = i % 13 == 0 ? 0.5F + static_cast<float>(i) : 0.0F;
  }
  RoundingOptions options;
  options.sweeps = 0;
  const QuantizedWeights nearest = round_to_nearest(problem.weights, problem.grids(3));
  const QuantizedWeights plain = problem.round(3, options);
  EXPECT_EQ(plain.codes, nearest.codes);
  EXPECT_EQ(plain.scales, nearest.scales);
  // Sweeps still fit the scales; the codes stay nearest to them.
  const QuantizedWeights fitted = problem.round(3);
  EXPECT_LE(problem.error(fitted), problem.error(nearest));
  for (std::size_t i = 0; i < fitted.codes.size(); ++i) {
    WeightGrid grid = problem.grids(3)[i / 12];
    grid.scale = fitted.scales[i / 12];
    EXPECT_EQ(fitted.codes[i], grid.code(problem.weights[i])) << i;
  }
}

// All codes of one row of four weights at two bits, each with its best scale.
double best_error(const Problem& problem, const WeightGrid& grid) {
  double least = INFINITY;
  for (int pick = 0; pick < 256; ++pick) {
    std::vector<double> q(4);
    for (std::size_t c = 0; c < 4; ++c) {
      q[c] = grid.first + grid.step * (pick >> (2 * c) & 3);
    }
    const double none = problem.error(0, std::vector<double>(4, 0.0));
    const double one = problem.error(0, q);
    std::vector<double> twice(q);
    for (double& value : twice) {
      value *= 2;
    }
    // error(s q) = none - match s + power s^2
    const double power = (problem.error(0, twice) - 2 * one + none) / 2;
    const double match = none + power - one;
    if (power > 0 && match > 0) {
      least = std::min(least, none - match * match / (4 * power));
    }
  }
  return least;
}

TEST(RoundWeights, ComesNearTheBestOfAllCodes) {
  std::vector<double> factors;
  double found = 0;
  double best = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Problem problem(1, 4, seed);
    const double least = best_error(problem, problem.grids(2)[0]);
    const double own = problem.error(problem.round(2));
    EXPECT_GE(own, least * (1 - 1e-4)) << seed;
    factors.push_back(own / least);
    found += own;
    best += least;
  }
  std::sort(factors.begin(), factors.end());
  EXPECT_LT(factors[100], 1.3);
  EXPECT_LT(found, 1.5 * best);
}

TEST(RoundWeights, DoesNotDependOnThreads) {
  const Problem problem(200, 20, 4);
  const QuantizedWeights one = problem.round(3);
  for (const std::size_t threads : {2U, 3U, 16U}) {
    RoundingOptions options;
    options.threads = threads;
    const QuantizedWeights other = problem.round(3, options);
    EXPECT_EQ(other.codes, one.codes) << threads;
    EXPECT_EQ(other.scales, one.scales) << threads;
  }
}

TEST(RoundWeights, RowsDoNotDependOnOneAnother) {
  const Problem problem(130, 9, 5);
  const QuantizedWeights all = problem.round(3);
  for (const std::size_t row : {0U, 63U, 64U, 129U}) {
    const std::span<const float> own = std::span(problem.weights).subspan(row * 9, 9);
    const QuantizedWeights alone =
        round_weights(own, problem.inputs(), {problem.grids(3)[row]}, {});
    EXPECT_NEAR(alone.scales[0], all.scales[row], 1e-5F * all.scales[row]);
    EXPECT_TRUE(std::equal(alone.codes.begin(), alone.codes.end(),
                           all.codes.begin() + static_cast<std::ptrdiff_t>(row * 9)))
        << row;
  }
}

TEST(RoundWeights, RefusesMomentsThatAreNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Problem problem(2, 3, 6);
    problem.moments[1] = bad;
    try {
      problem.round(4);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::UnsupportedModel);
      EXPECT_NE(std::string(error.what()).find("not finite"), std::string::npos);
    }
  }
}

TEST(RoundWeights, DeadInputsGetNearestCodes) {
  Problem problem(4, 10, 7);
  const auto dead = [](std::size_t c) { return c == 2 || c == 9; };
  for (std::size_t i = 0; i < problem.moments.size(); ++i) {
    problem.moments[i] = dead(i / 10) || dead(i % 10) ? 0.0F : problem.moments[i];
  }
  const QuantizedWeights rounded = problem.round(4);
  for (std::size_t i = 0; i < rounded.codes.size(); ++i) {
    WeightGrid grid = problem.grids(4)[i / 10];
    grid.scale = rounded.scales[i / 10];
    ASSERT_TRUE(std::isfinite(grid.scale) && grid.scale > 0);
    if (dead(i % 10)) {
      EXPECT_EQ(rounded.codes[i], grid.code(problem.weights[i])) << i;
    }
  }
  EXPECT_LT(problem.error(rounded),
            problem.error(round_to_nearest(problem.weights, problem.grids(4))));
}

TEST(RoundWeights, NoInputAtAllGivesNearestCodes) {
  Problem problem(4, 10, 8);
  std::fill(problem.moments.begin(), problem.moments.end(), 0.0F);
  const QuantizedWeights rounded = problem.round(4);
  for (std::size_t i = 0; i < rounded.codes.size(); ++i) {
    WeightGrid grid = problem.grids(4)[i / 10];
    grid.scale = rounded.scales[i / 10];
    ASSERT_TRUE(std::isfinite(grid.scale) && grid.scale > 0);
    EXPECT_EQ(rounded.codes[i], grid.code(problem.weights[i])) << i;
  }
}

// E |w x - q (x + d)|^2 is least at q = w m / (m + n); the moments are damped by 1 %.
TEST(RoundWeights, NoiseShrinksALoneWeight) {
  for (const float noise : {0.0F, 0.5F, 4.0F}) {
    const Floats weights{0.9F};
    const Floats moments{2.0F};
    const Floats noises{noise};
    const QuantizedWeights rounded =
        round_weights(weights, {1, moments, noises}, {WeightGrid{0.01F, -127, 1, 255}}, {0, 1});
    const float wanted = 0.9F * 2.02F / (2.02F + noise);
    EXPECT_NEAR(static_cast<float>(rounded.codes[0]) * rounded.scales[0], wanted, 0.0051F) << noise;
  }
}

// So noisy that next to nothing is wanted of the weights: the scale does not follow to zero.
TEST(RoundWeights, ScalesStayPositiveAndNearTheGrids) {
  Problem problem(20, 8, 10);
  std::fill(problem.noise.begin(), problem.noise.end(), 1e5F);
  const std::vector<WeightGrid> grids(20, WeightGrid{0.5F, -3, 2, 4});
  const QuantizedWeights rounded = round_weights(problem.weights, problem.inputs(), grids, {});
  for (const float scale : rounded.scales) {
    EXPECT_GE(scale, 0.5F / 8);  // half at most in each of the three sweeps
    EXPECT_LE(scale, 0.5F * 8);
  }
}

TEST(RoundWeights, MakesUpForNoiseOnCorrelatedInputs) {
  Problem problem(6, 16, 9);
  std::fill(problem.noise.begin(), problem.noise.end(), 3.0F);
  const QuantizedWeights rounded = problem.round(8);
  const double blind = problem.error(round_to_nearest(problem.weights, problem.grids(8)));
  EXPECT_LT(problem.error(rounded), 0.7 * blind);
}

}  // namespace
}  // namespace zoa
