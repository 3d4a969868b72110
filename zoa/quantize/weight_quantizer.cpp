// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/weight_quantizer.h"

#include <algorithm>
#include <cmath>

#include "zoa/quantize/bits.h"

namespace zoa {

namespace {

// Shares of a channel's extent that the search tries: 1, 0.97, ... 0.31. Four levels over normally
// distributed weights want about half of it.
constexpr int kCandidates = 24;
constexpr float kCandidateStep = 0.03F;
// From here on codes are symmetric: an off-centre grid of 7 bits would leave the signed byte.
constexpr int kSymmetricBits = 7;
constexpr float kLeast = 1e-30F;

WeightGrid make_grid(float low, float high, const GridRule& rule) {
  WeightGrid grid;
  grid.levels = rule.levels;
  grid.step = rule.half_step ? 2 : 1;
  const auto steps = static_cast<float>(grid.step * (grid.levels - 1));
  if (!rule.asymmetric) {
    grid.first = -(grid.levels - 1) / 2;
    grid.scale = std::max({-low, high, kLeast}) / static_cast<float>(-grid.first);
    return grid;
  }
  grid.scale = std::max(high - low, kLeast) / steps;
  const float first = low / grid.scale;
  grid.first = rule.half_step ? 2 * static_cast<int>(std::floor(first / 2.0F)) + 1
                              : static_cast<int>(std::nearbyint(first));
  return grid;
}

}  // namespace

int WeightGrid::code(float value) const {
  const auto every = static_cast<float>(step);
  const float index = std::nearbyint((value / scale - static_cast<float>(first)) / every);
  const float clipped = std::clamp(index, 0.0F, static_cast<float>(levels - 1));
  return first + step * static_cast<int>(clipped);
}

GridRule grid_rule(int bits, bool reduced) {
  if (bits >= kSymmetricBits) {
    const int effective = reduced ? std::min(bits, kReducedBits) : bits;
    return {(1 << effective) - 1, false, false};
  }
  return {1 << bits, true, false};
}

double grid_error(std::span<const float> weights,
                  std::span<const float> importance,
                  const WeightGrid& grid) {
  const bool uniform = importance.size() != weights.size();
  const float inverse = 1.0F / (grid.scale * static_cast<float>(grid.step));
  const float offset = static_cast<float>(grid.first) / static_cast<float>(grid.step);
  const auto last = static_cast<float>(grid.levels - 1);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float exact = weights[i] * inverse - offset;
    const float error = exact - std::clamp(std::nearbyint(exact), 0.0F, last);
    sum += static_cast<double>(error * error * (uniform ? 1.0F : importance[i]));
  }
  return sum / static_cast<double>(inverse * inverse) *
         (uniform && !importance.empty() ? static_cast<double>(importance[0]) : 1.0);
}

WeightGrid find_grid(std::span<const float> weights,
                     std::span<const float> importance,
                     const GridRule& rule) {
  float low = 0;
  float high = 0;
  for (const float weight : weights) {
    low = std::min(low, weight);
    high = std::max(high, weight);
  }
  WeightGrid best = make_grid(low, high, rule);
  double least = grid_error(weights, importance, best);
  float best_low = 1;
  float best_high = 1;
  const auto attempt = [&](float low_share, float high_share) {
    const WeightGrid grid = make_grid(low * low_share, high * high_share, rule);
    const double error = grid_error(weights, importance, grid);
    if (error < least) {
      least = error;
      best = grid;
      best_low = low_share;
      best_high = high_share;
    }
  };
  const auto each = [](const auto& use) {
    for (int i = 1; i < kCandidates; ++i) {
      use(1.0F - kCandidateStep * static_cast<float>(i));
    }
  };
  each([&](float share) { attempt(share, share); });
  if (rule.asymmetric) {
    const float both = best_low;  // both ends together, then each alone
    each([&](float share) { attempt(both, share); });
    const float top = best_high;
    each([&](float share) { attempt(share, top); });
  }
  return best;
}

}  // namespace zoa
