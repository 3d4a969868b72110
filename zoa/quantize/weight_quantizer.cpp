// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/weight_quantizer.h"

#include <algorithm>
#include <cmath>

namespace zoa {

namespace {

constexpr int kCandidates = 16;
constexpr float kCandidateStep = 0.02F;

float rounded(float value, float inverse, float limit) {
  return std::clamp(std::nearbyint(value * inverse), -limit, limit);
}

double squared_error(const std::vector<float>& channel, float scale, float limit) {
  const float inverse = 1.0F / scale;
  double sum = 0;
  for (const float value : channel) {
    const double error =
        static_cast<double>(value) -
        static_cast<double>(rounded(value, inverse, limit)) * static_cast<double>(scale);
    sum += error * error;
  }
  return sum;
}

float best_scale(const std::vector<float>& channel, float limit) {
  float largest = 0;
  for (const float value : channel) {
    largest = std::max(largest, std::abs(value));
  }
  if (largest == 0) {
    return 1.0F;
  }
  float best = largest / limit;
  double least = INFINITY;
  for (int i = 0; i < kCandidates; ++i) {
    const float scale = largest / limit * (1.0F - kCandidateStep * static_cast<float>(i));
    const double error = squared_error(channel, scale, limit);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace

QuantizedWeights quantize_weights(std::span<const float> weights,
                                  const ChannelLayout& layout,
                                  int limit) {
  std::vector<std::vector<float>> channels(layout.channels);
  const auto channel_of = [&](std::size_t i) { return (i / layout.inner) % layout.channels; };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    channels[channel_of(i)].push_back(weights[i]);
  }
  QuantizedWeights result;
  for (const auto& channel : channels) {
    result.scales.push_back(best_scale(channel, static_cast<float>(limit)));
  }
  result.values.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float inverse = 1.0F / result.scales[channel_of(i)];
    result.values.push_back(
        static_cast<std::int8_t>(rounded(weights[i], inverse, static_cast<float>(limit))));
  }
  return result;
}

}  // namespace zoa
