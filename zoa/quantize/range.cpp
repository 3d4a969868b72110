// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/range.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"

namespace zoa {

namespace {

// Shares of the full range that the search tries: 1, 0.98, ... 0.02. Finer steps change the error
// by less than the histogram's own resolution at 8 bits; few bits may want a small share.
constexpr int kCandidates = 50;
constexpr double kCandidateStep = 0.02;
constexpr double kPercentile = 0.9999;

QuantizerRange symmetric_range(double magnitude, int bits) {
  const double half = std::exp2(bits - 1);
  const double scale = std::max(magnitude, 1e-30) / (half - 1);
  return {-half * scale, (half - 1) * scale, 1 << bits};
}

// Moves the range so that zero is one of the steps.
QuantizerRange affine_range(double low, double high, int bits) {
  const int levels = 1 << bits;
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  if (high - low < 1e-30) {
    high = low + 1e-30;
  }
  const double scale = (high - low) / (levels - 1);
  const double zero_point = std::round(-low / scale);
  return {-zero_point * scale, (levels - 1 - zero_point) * scale, levels};
}

template <class MakeRange>
double best_share(const Histogram& histogram, const MakeRange& make) {
  double best = 1.0;
  double least = INFINITY;
  for (int i = 0; i < kCandidates; ++i) {
    const double share = 1.0 - kCandidateStep * i;
    const double error = squared_error(histogram, make(share));
    if (error < least) {
      least = error;
      best = share;
    }
  }
  return best;
}

// Value that a share of all values lies below.
double quantile(const Histogram& histogram, double share) {
  double total = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins(); ++bin) {
    total += histogram.weight(bin);
  }
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins(); ++bin) {
    sum += histogram.weight(bin);
    if (sum >= share * total) {
      return histogram.centre(bin);
    }
  }
  return histogram.max();
}

}  // namespace

RangeMethod parse_range_method(const std::string& name) {
  const std::pair<const char*, RangeMethod> known[] = {{"minmax", RangeMethod::MinMax},
                                                       {"percentile", RangeMethod::Percentile},
                                                       {"mse", RangeMethod::Mse},
                                                       {"output", RangeMethod::Output}};
  for (const auto& [text, method] : known) {
    if (name == text) {
      return method;
    }
  }
  fail(ErrorCode::InvalidArgument, "range method '", name,
       "': expected auto, minmax, percentile, mse or output");
}

double squared_error(const Histogram& histogram, const QuantizerRange& range) {
  const double scale = range.scale();
  const double inverse = 1.0 / scale;
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.num_bins(); ++bin) {
    const double weight = histogram.weight(bin);
    if (weight == 0) {
      continue;
    }
    const double value = histogram.centre(bin);
    const double clipped = std::clamp(value, range.low, range.high);
    const double step = std::nearbyint((clipped - range.low) * inverse);
    const double error = value - (range.low + step * scale);
    sum += weight * error * error;
  }
  return sum;
}

QuantizerRange find_range(const Histogram& histogram,
                          int bits,
                          bool symmetric,
                          RangeMethod method) {
  const bool percentile = method == RangeMethod::Percentile;
  const bool search = method == RangeMethod::Mse || method == RangeMethod::Output;
  const double low = percentile ? quantile(histogram, 1 - kPercentile) : histogram.min();
  const double high = percentile ? quantile(histogram, kPercentile) : histogram.max();
  const double magnitude = std::max(std::abs(low), std::abs(high));
  const auto make_symmetric = [&](double share) {
    return symmetric_range(magnitude * share, bits);
  };
  if (symmetric) {
    return make_symmetric(search ? best_share(histogram, make_symmetric) : 1.0);
  }
  if (!search) {
    return affine_range(low, high, bits);
  }
  // Both ends together first, then each alone: the two tails seldom want the same clipping.
  const double both = best_share(
      histogram, [&](double share) { return affine_range(low * share, high * share, bits); });
  const double top = best_share(
      histogram, [&](double share) { return affine_range(low * both, high * share, bits); });
  const double bottom = best_share(
      histogram, [&](double share) { return affine_range(low * share, high * top, bits); });
  return affine_range(low * bottom, high * top, bits);
}

}  // namespace zoa
