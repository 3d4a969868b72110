// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/activation_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "zoa/quantize/bits.h"

namespace zoa {

namespace {

constexpr std::array<float, 4> kStrengths = {0.25F, 0.5F, 0.75F, 1.0F};
constexpr double kTail = 0.005;         // share of a channel's values beyond its spread, each side
constexpr std::size_t kRowStride = 8;   // the search looks at every eighth output channel
constexpr double kMostNegative = -0.2;  // GELU is never below -0.17

// Sum of squared weights per input channel, over all readers: what an error there costs.
std::vector<float> importance_of(const std::vector<ActivationReader>& readers,
                                 std::size_t channels) {
  std::vector<float> importance(channels, 0.0F);
  for (const ActivationReader& reader : readers) {
    const WeightShape& shape = reader.shape;
    for (std::size_t i = 0; i < reader.weights.size(); ++i) {
      const std::size_t channel = shape.channel_of(i / shape.width, i % shape.width);
      importance[channel] += reader.weights[i] * reader.weights[i];
    }
  }
  return importance;
}

float equalized(const Equalizer& equalizer, float value, std::size_t channel) {
  return equalizer.empty() ? value : (value - equalizer.shift[channel]) / equalizer.scale[channel];
}

// Values as the quantizer will see them, each weighted by what its error costs.
Histogram weighted_histogram(const ValueStatistics& value,
                             const std::vector<float>& importance,
                             const Equalizer& equalizer) {
  Histogram histogram;
  for (std::size_t i = 0; i < value.rows.size(); ++i) {
    const std::size_t channel = i % value.channels;
    const float scale = equalizer.empty() ? 1.0F : equalizer.scale[channel];
    histogram.add_weighted(equalized(equalizer, value.rows[i], channel),
                           static_cast<double>(importance[channel] * scale * scale));
  }
  return histogram;
}

Equalizer make_equalizer(const ChannelSpread& spread, float strength, bool shift) {
  Equalizer equalizer;
  const float mean = std::accumulate(spread.half.begin(), spread.half.end(), 0.0F) /
                     static_cast<float>(spread.half.size());
  equalizer.shift = shift ? spread.middle : std::vector<float>(spread.middle.size(), 0.0F);
  for (const float half : spread.half) {
    equalizer.scale.push_back(std::pow(half / mean, strength));
  }
  return equalizer;
}

// Mean square per channel of x', round its mean.
std::vector<float> variances(const ValueStatistics& value, const Equalizer& equalizer) {
  std::vector<double> sum(value.channels, 0.0);
  std::vector<double> squares(value.channels, 0.0);
  for (std::size_t i = 0; i < value.rows.size(); ++i) {
    const std::size_t c = i % value.channels;
    const auto x = static_cast<double>(equalized(equalizer, value.rows[i], c));
    sum[c] += x;
    squares[c] += x * x;
  }
  const double count = static_cast<double>(value.rows.size()) / static_cast<double>(value.channels);
  std::vector<float> result;
  for (std::size_t c = 0; c < value.channels; ++c) {
    const double mean = sum[c] / count;
    result.push_back(static_cast<float>(std::max(squares[c] / count - mean * mean, 1e-12)));
  }
  return result;
}

// Output error of rounding the readers' weights to nearest, per position.
double weight_error(const ValueStatistics& value,
                    const std::vector<ActivationReader>& readers,
                    const Equalizer& equalizer) {
  const std::vector<float> importance = variances(value, equalizer);
  double sum = 0;
  for (const ActivationReader& reader : readers) {
    const WeightShape& shape = reader.shape;
    std::vector<float> row(shape.width);
    std::vector<float> costs(shape.width);
    for (std::size_t r = 0; r < shape.rows; r += kRowStride) {
      for (std::size_t column = 0; column < shape.width; ++column) {
        const std::size_t channel = shape.channel_of(r, column);
        const float scale = equalizer.empty() ? 1.0F : equalizer.scale[channel];
        row[column] = reader.weights[r * shape.width + column] * scale;
        costs[column] = importance[channel];
      }
      sum += grid_error(row, costs, find_grid(row, costs, reader.rule)) *
             static_cast<double>(kRowStride);
    }
  }
  return sum;
}

bool looks_like_gelu(const Histogram& histogram) {
  return histogram.min() < 0 && histogram.min() > kMostNegative &&
         histogram.max() > -histogram.min();
}

struct Choice {
  QuantizerRange range;
  std::optional<TwinRange> twin;
  double error = 0;
};

// The better of a uniform and, where allowed, a twin range.
Choice choose_range(const Histogram& histogram, const ActivationRequest& request, bool gelu) {
  Choice choice;
  choice.range = find_range(histogram, request.bits, request.symmetric, request.method);
  choice.error = squared_error(histogram, choice.range);
  if (request.twin && (request.probability || gelu)) {
    choice.twin = find_twin_range(histogram, request.bits, gelu, choice.error);
    if (choice.twin) {
      choice.error = squared_error(histogram, *choice.twin);
    }
  }
  return choice;
}

// The strength of equalization with the least output error of activations and weights together.
Equalizer find_equalizer(const ValueStatistics& value,
                         const ActivationRequest& request,
                         const std::vector<float>& importance,
                         bool gelu) {
  const ChannelSpread spread = spread_of(value);
  const double rows = static_cast<double>(value.rows.size()) / static_cast<double>(value.channels);
  const auto cost = [&](const Equalizer& equalizer) {
    const Histogram histogram = weighted_histogram(value, importance, equalizer);
    return choose_range(histogram, request, gelu).error / rows +
           weight_error(value, request.readers, equalizer);
  };
  Equalizer best;
  double least = cost(best);
  for (const float strength : kStrengths) {
    Equalizer equalizer = make_equalizer(spread, strength, request.shift);
    const double found = cost(equalizer);
    if (found < least) {
      least = found;
      best = std::move(equalizer);
    }
  }
  return best;
}

void measure_noise(const ValueStatistics& value, ActivationPlan& plan) {
  std::vector<double> squares(value.channels, 0.0);
  std::vector<double> sum(value.channels, 0.0);
  for (std::size_t i = 0; i < value.rows.size(); ++i) {
    const std::size_t c = i % value.channels;
    const auto x = static_cast<double>(equalized(plan.equalizer, value.rows[i], c));
    const double error = plan.apply(x) - x;
    squares[c] += error * error;
    sum[c] += error;
  }
  const double count = static_cast<double>(value.rows.size()) / static_cast<double>(value.channels);
  for (std::size_t c = 0; c < value.channels; ++c) {
    plan.noise.push_back(static_cast<float>(squares[c] / count));
    plan.drift.push_back(static_cast<float>(sum[c] / count));
  }
}

// Each run of channels on its own.
std::vector<QuantizerRange> group_ranges(const ValueStatistics& value,
                                         const ActivationRequest& request,
                                         const Equalizer& equalizer) {
  std::vector<Histogram> histograms(request.groups);
  const std::size_t width = value.channels / request.groups;
  for (std::size_t i = 0; i < value.rows.size(); ++i) {
    const std::size_t channel = i % value.channels;
    histograms[channel / width].add_weighted(equalized(equalizer, value.rows[i], channel), 1.0);
  }
  std::vector<QuantizerRange> ranges;
  ranges.reserve(histograms.size());
  for (const Histogram& histogram : histograms) {
    ranges.push_back(find_range(histogram, request.bits, request.symmetric, request.method));
  }
  return ranges;
}

}  // namespace

ChannelSpread spread_of(const ValueStatistics& value) {
  ChannelSpread spread;
  const std::size_t rows = value.rows.size() / value.channels;
  const auto tail = static_cast<std::ptrdiff_t>(kTail * static_cast<double>(rows));
  std::vector<float> channel(rows);
  for (std::size_t c = 0; c < value.channels; ++c) {
    for (std::size_t r = 0; r < rows; ++r) {
      channel[r] = value.rows[r * value.channels + c];
    }
    std::sort(channel.begin(), channel.end());
    const float low = *(channel.begin() + tail);
    const float high = *(channel.end() - 1 - tail);
    spread.middle.push_back((low + high) / 2);
    spread.half.push_back(std::max((high - low) / 2, 1e-6F));
  }
  return spread;
}

double ActivationPlan::apply(double value) const {
  if (twin) {
    return twin->apply(value);
  }
  const double clipped = std::clamp(value, range.low, range.high);
  return range.low + std::nearbyint((clipped - range.low) / range.scale()) * range.scale();
}

ActivationPlan plan_activation(const ValueStatistics& value, const ActivationRequest& request) {
  ActivationPlan plan;
  plan.bits = request.bits;
  if (request.probability && request.bits >= kFullBits) {
    plan.range = {0.0, 1.0, 1 << kFullBits};
    return plan;
  }
  const bool weighted = request.method == RangeMethod::Output && !request.readers.empty();
  const bool gelu =
      !request.readers.empty() && !request.symmetric && looks_like_gelu(value.histogram);
  Histogram histogram = value.histogram;
  if (weighted) {
    const auto importance = importance_of(request.readers, value.channels);
    if (request.equalize) {
      plan.equalizer = find_equalizer(value, request, importance, gelu);
    }
    histogram = weighted_histogram(value, importance, plan.equalizer);
  }
  const Choice choice = choose_range(histogram, request, gelu);
  plan.range = choice.range;
  plan.twin = choice.twin;
  if (request.groups > 1) {
    plan.equalizer = request.given;
    plan.groups = group_ranges(value, request, plan.equalizer);
  }
  if (!request.readers.empty()) {
    measure_noise(value, plan);
  }
  return plan;
}

}  // namespace zoa
