// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/attention_plan.h"

#include <cmath>

namespace zoa {

namespace {

// Half of what q's range is larger than k's, as a factor; its geometric mean over a head is 1, so
// that the heads' own ranges do the rest.
std::vector<float> balance(const std::vector<float>& q,
                           const std::vector<float>& k,
                           std::size_t heads) {
  std::vector<float> factors(q.size());
  const std::size_t width = q.size() / heads;
  for (std::size_t head = 0; head < heads; ++head) {
    float mean = 0;
    for (std::size_t c = head * width; c < (head + 1) * width; ++c) {
      factors[c] = 0.5F * std::log(q[c] / k[c]);
      mean += factors[c] / static_cast<float>(width);
    }
    for (std::size_t c = head * width; c < (head + 1) * width; ++c) {
      factors[c] = std::exp(factors[c] - mean);
    }
  }
  return factors;
}

bool is_sampled(const ValueStatistics& value) {
  return value.channels > 0 && !value.rows.empty();
}

}  // namespace

Equalizer equalize_query(const ValueStatistics& q, const ValueStatistics& k, std::size_t heads) {
  if (!is_sampled(q) || !is_sampled(k) || q.channels != k.channels) {
    return {};
  }
  // q cannot be moved, so its range is what it reaches on either side.
  const ChannelSpread spread = spread_of(q);
  std::vector<float> reach;
  reach.reserve(q.channels);
  for (std::size_t c = 0; c < q.channels; ++c) {
    reach.push_back(std::abs(spread.middle[c]) + spread.half[c]);
  }
  Equalizer equalizer;
  equalizer.scale = balance(reach, spread_of(k).half, heads);
  equalizer.shift.assign(q.channels, 0.0F);
  return equalizer;
}

Equalizer equalize_key(const ValueStatistics& q, const ValueStatistics& k, std::size_t heads) {
  Equalizer equalizer = equalize_query(q, k, heads);
  if (!equalizer.empty()) {
    for (float& scale : equalizer.scale) {
      scale = 1.0F / scale;
    }
    equalizer.shift = spread_of(k).middle;
  }
  return equalizer;
}

Equalizer centre_value(const ValueStatistics& v) {
  if (!is_sampled(v)) {
    return {};
  }
  Equalizer equalizer;
  equalizer.scale.assign(v.channels, 1.0F);
  equalizer.shift = spread_of(v).middle;
  return equalizer;
}

}  // namespace zoa
