// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/twin.h"

#include <algorithm>
#include <cmath>

namespace zoa {

namespace {

constexpr int kMostCode = 255;  // codes are bytes, counted in fine steps
constexpr int kMostShift = 6;
constexpr double kNeededGain = 0.9;  // a twin range costs time: it must bring something
constexpr int kShares = 15;          // of the largest value, for the end of the coarse side
constexpr double kShareStep = 0.06;

// One step of a staircase from 0 with `steps` steps.
double staircase(double value, double step, int steps) {
  return step * std::clamp(std::nearbyint(value / step), 0.0, static_cast<double>(steps));
}

double twin_error(const Histogram& histogram, const TwinRange& range, double limit) {
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins() && sum < limit; ++bin) {
    const double weight = histogram.weight(bin);
    if (weight > 0) {
      const double error = histogram.centre(bin) - range.apply(histogram.centre(bin));
      sum += weight * error * error;
    }
  }
  return sum;
}

}  // namespace

double TwinRange::apply(double value) const {
  const double coarse = fine * factor;
  if (signed_sides) {
    return staircase(value, coarse, coarse_steps) - staircase(-value, fine, fine_steps);
  }
  const double split = fine * fine_steps;
  return staircase(value, fine, fine_steps) + staircase(value - split, coarse, coarse_steps);
}

double squared_error(const Histogram& histogram, const TwinRange& range) {
  return twin_error(histogram, range, INFINITY);
}

std::optional<TwinRange> find_twin_range(const Histogram& histogram,
                                         int bits,
                                         bool signed_sides,
                                         double error) {
  std::optional<TwinRange> best;
  double least = error * kNeededGain;
  const int steps = (1 << bits) - 1;
  const int stride = std::max(1, steps / 15);  // 15 divisions of the codes are enough
  for (int fine_steps = 1; fine_steps < steps; fine_steps += stride) {
    for (int shift = 1; shift <= kMostShift; ++shift) {
      const int factor = 1 << shift;
      const int coarse_steps = std::min(steps - fine_steps, (kMostCode - fine_steps) / factor);
      if (coarse_steps < 1) {
        break;
      }
      const int span = coarse_steps * factor + (signed_sides ? 0 : fine_steps);
      for (int i = 0; i < kShares; ++i) {
        const double share = 1 - kShareStep * i;
        const TwinRange range{histogram.max() * share / span, fine_steps, factor, coarse_steps,
                              signed_sides};
        const double found = twin_error(histogram, range, least);
        if (found < least) {
          least = found;
          best = range;
        }
      }
    }
  }
  return best;
}

}  // namespace zoa
