// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/weight_quantizer.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "zoa/core/rng.h"

namespace zoa {
namespace {

using Row = std::vector<float>;

constexpr float kUniform[] = {1.0F};

Row normal_row(std::size_t count, std::uint64_t seed, double mean = 0) {
  const Rng rng(seed, 0);
  Row row(count);
  for (std::size_t i = 0; i < count; ++i) {
    row[i] = static_cast<float>(mean + rng.normal(i));
  }
  return row;
}

// Rows that weights may look like.
struct Case {
  const char* name;
  Row row;
};

std::vector<Case> cases() {
  std::vector<Case> all{
      {"normal", normal_row(64, 1)},           {"off centre", normal_row(64, 2, 1.5)},
      {"positive", normal_row(64, 3)},         {"negative", normal_row(64, 4)},
      {"outlier", normal_row(64, 5)},          {"constant", Row(16, 0.3F)},
      {"constant below zero", Row(16, -7.0F)}, {"zero", Row(16, 0.0F)},
      {"tiny", Row{1e-36F, -1e-36F, 3e-37F}},  {"one", Row{-2.5F}}};
  for (float& weight : all[2].row) {
    weight = std::abs(weight) + 0.01F;
  }
  for (float& weight : all[3].row) {
    weight = -std::abs(weight) - 0.01F;
  }
  all[4].row[7] = 60.0F;
  return all;
}

std::vector<GridRule> rules() {
  std::vector<GridRule> all;
  for (int bits = 2; bits <= 8; ++bits) {
    all.push_back(grid_rule(bits, false));
    all.push_back(grid_rule(bits, true));
  }
  all.push_back({4, true, true});
  return all;
}

// The grid that holds the smallest and the largest weight.
WeightGrid extreme_grid(const Row& row, const GridRule& rule) {
  const float low = std::min(0.0F, *std::min_element(row.begin(), row.end()));
  const float high = std::max(0.0F, *std::max_element(row.begin(), row.end()));
  WeightGrid grid;
  grid.levels = rule.levels;
  if (!rule.asymmetric) {
    grid.first = -(rule.levels - 1) / 2;
    grid.scale = std::max({-low, high, 1e-30F}) / static_cast<float>(-grid.first);
    return grid;
  }
  grid.scale = std::max(high - low, 1e-30F) / static_cast<float>(rule.levels - 1);
  grid.first = static_cast<int>(std::nearbyint(low / grid.scale));
  return grid;
}

// Its definition, in double precision.
double slow_error(const Row& row, std::span<const float> importance, const WeightGrid& grid) {
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    double least = INFINITY;
    for (int k = 0; k < grid.levels; ++k) {
      const double value = static_cast<double>(grid.scale) * (grid.first + k * grid.step);
      least = std::min(least, std::abs(value - static_cast<double>(row[i])));
    }
    sum += least * least * static_cast<double>(importance[importance.size() == 1 ? 0 : i]);
  }
  return sum;
}

double relative_error(const Row& row, const GridRule& rule) {
  double power = 0;
  for (const float weight : row) {
    power += static_cast<double>(weight) * static_cast<double>(weight);
  }
  return grid_error(row, kUniform, find_grid(row, kUniform, rule)) / power;
}

TEST(GridRule, WideCodesAreSymmetric) {
  EXPECT_EQ(grid_rule(8, false).levels, 255);  // +-127
  EXPECT_EQ(grid_rule(8, true).levels, 127);   // +-63
  EXPECT_EQ(grid_rule(7, false).levels, 127);
  EXPECT_EQ(grid_rule(7, true).levels, 127);
  for (const int bits : {7, 8}) {
    EXPECT_FALSE(grid_rule(bits, false).asymmetric);
    EXPECT_FALSE(grid_rule(bits, true).asymmetric);
  }
}

TEST(GridRule, NarrowCodesUseEveryLevel) {
  for (int bits = 2; bits <= 6; ++bits) {
    for (const bool reduced : {false, true}) {
      const GridRule rule = grid_rule(bits, reduced);
      EXPECT_EQ(rule.levels, 1 << bits);
      EXPECT_TRUE(rule.asymmetric);
      EXPECT_FALSE(rule.half_step);
    }
  }
}

TEST(WeightGrid, CodeIsTheNearestOfTheGrid) {
  const WeightGrid grid{0.5F, -3, 2, 4};  // -1.5 -0.5 0.5 1.5
  const std::pair<float, int> expected[] = {{-9.0F, -3}, {-1.1F, -3}, {-0.9F, -1}, {-0.1F, -1},
                                            {0.1F, 1},   {0.9F, 1},   {1.1F, 3},   {9.0F, 3}};
  for (const auto& [value, code] : expected) {
    EXPECT_EQ(grid.code(value), code) << value;
  }
  EXPECT_EQ(grid.lowest(), -1.5F);
}

TEST(FindGrid, CodesFitTheSignedByteAndTheLevels) {
  for (const Case& test : cases()) {
    for (const GridRule& rule : rules()) {
      SCOPED_TRACE(test.name + (" levels " + std::to_string(rule.levels)));
      const WeightGrid grid = find_grid(test.row, kUniform, rule);
      EXPECT_TRUE(std::isfinite(grid.scale) && grid.scale > 0);
      EXPECT_GE(grid.first, -127);
      EXPECT_LE(grid.first + grid.step * (grid.levels - 1), 127);
      std::set<int> codes;
      for (int i = -200; i <= 200; ++i) {
        codes.insert(grid.code(static_cast<float>(i) * grid.scale));
      }
      EXPECT_EQ(codes.size(), static_cast<std::size_t>(rule.levels));
      EXPECT_TRUE(rule.levels <= 127 || rule.levels == 255);
    }
  }
}

TEST(FindGrid, SymmetricGridsAreCentred) {
  for (const Case& test : cases()) {
    for (const bool reduced : {false, true}) {
      const WeightGrid grid = find_grid(test.row, kUniform, grid_rule(8, reduced));
      EXPECT_EQ(grid.first, reduced ? -63 : -127) << test.name;
      EXPECT_EQ(grid.first + grid.levels - 1, reduced ? 63 : 127) << test.name;
    }
  }
}

// Pruned weights stay zero.
TEST(FindGrid, FullStepGridsHoldZero) {
  for (const Case& test : cases()) {
    for (const GridRule& rule : rules()) {
      if (!rule.half_step) {
        EXPECT_EQ(find_grid(test.row, kUniform, rule).code(0.0F), 0) << test.name;
      }
    }
  }
}

TEST(FindGrid, HalfStepGridsHoldOddCodesOnly) {
  for (const Case& test : cases()) {
    const WeightGrid grid = find_grid(test.row, kUniform, {4, true, true});
    EXPECT_EQ(grid.step, 2) << test.name;
    for (int i = -40; i <= 40; ++i) {
      const int code = grid.code(static_cast<float>(i) * grid.scale * 0.25F);
      EXPECT_NE(code % 2, 0) << test.name << " " << i;
    }
  }
}

TEST(FindGrid, NeverDoesWorseThanTheGridOfTheExtremes) {
  for (const Case& test : cases()) {
    for (const GridRule& rule : rules()) {
      if (rule.half_step) {
        continue;
      }
      const double found = slow_error(test.row, kUniform, find_grid(test.row, kUniform, rule));
      const double plain = slow_error(test.row, kUniform, extreme_grid(test.row, rule));
      EXPECT_LE(found, plain * (1 + 1e-4) + 1e-10 * plain) << test.name << " " << rule.levels;
    }
  }
}

TEST(FindGrid, ClipsAnOutlierAtFewBits) {
  Row row = normal_row(400, 6);
  row[100] = 12.0F;
  const WeightGrid plain = extreme_grid(row, grid_rule(3, false));
  const WeightGrid found = find_grid(row, kUniform, grid_rule(3, false));
  EXPECT_LT(slow_error(row, kUniform, found), 0.7 * slow_error(row, kUniform, plain));
}

TEST(FindGrid, ConstantRowsAreExact) {
  for (const float value : {0.3F, -7.0F, 0.0F}) {
    for (const GridRule& rule : rules()) {
      if (rule.half_step) {
        continue;  // has no zero, so the extremes 0 and `value` do not both fit
      }
      const Row row(16, value);
      const WeightGrid grid = find_grid(row, kUniform, rule);
      const float rounded = grid.scale * static_cast<float>(grid.code(value));
      EXPECT_NEAR(rounded, value, 1e-6F * std::abs(value) + 1e-29F) << rule.levels;
    }
  }
}

TEST(FindGrid, ErrorFallsWithTheBits) {
  const Row row = normal_row(512, 8);
  double before = 1;
  for (int bits = 2; bits <= 8; ++bits) {
    const double error = relative_error(row, grid_rule(bits, false));
    EXPECT_LT(error, before * (bits == 2 ? 0.2 : 0.45)) << bits;  // a half step: a fourth
    before = error;
  }
}

// Max (1960), table 2: four even levels leave 0.1188 of a normal distribution's power.
TEST(FindGrid, HalfStepsBeatAGridWithZeroAtTwoBits) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Row row = normal_row(512, 20 + seed);
    const double half_step = relative_error(row, {4, true, true});
    EXPECT_LT(half_step, relative_error(row, grid_rule(2, false))) << seed;
    EXPECT_NEAR(half_step, 0.119, 0.012) << seed;
  }
}

TEST(FindGrid, ImportanceDecidesWhereTheErrorGoes) {
  Row row = normal_row(64, 9);
  row[3] = 20.0F;
  Row light(64, 1.0F);
  light[3] = 1e-6F;
  Row heavy(64, 1.0F);
  heavy[3] = 1e6F;
  const GridRule rule = grid_rule(4, false);
  const WeightGrid careless = find_grid(row, light, rule);
  const WeightGrid careful = find_grid(row, heavy, rule);
  const auto off = [&](const WeightGrid& grid) {
    return std::abs(grid.scale * static_cast<float>(grid.code(row[3])) - row[3]);
  };
  EXPECT_GT(off(careless), 5.0F);
  EXPECT_LT(off(careful), 0.5F);
  EXPECT_LT(slow_error(row, light, careless), 0.3 * slow_error(row, light, careful));
}

TEST(GridError, IsTheWeightedSumOfSquares) {
  for (const Case& test : cases()) {
    if (test.name == std::string("tiny")) {
      continue;  // below what squares in floats can hold
    }
    Row importance = normal_row(test.row.size(), 31);
    for (float& value : importance) {
      value = value * value;
    }
    for (const GridRule& rule : rules()) {
      for (const Row& weight : {importance, Row{1.0F}, Row{2.5F}}) {
        const WeightGrid grid = find_grid(test.row, weight, rule);
        const double exact = slow_error(test.row, weight, grid);
        const double noise = 1e-10 * static_cast<double>(test.row[0] * test.row[0]) + 1e-50;
        EXPECT_NEAR(grid_error(test.row, weight, grid), exact, 2e-3 * exact + noise)
            << test.name << " " << rule.levels;
      }
    }
  }
}

}  // namespace
}  // namespace zoa
