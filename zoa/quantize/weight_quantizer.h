// SPDX-License-Identifier: Apache-2.0
// Weights to integers, one scale per output channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace zoa {

struct QuantizedWeights {
  std::vector<std::int8_t> values;  ///< as many as given, same order
  std::vector<float> scales;        ///< one per channel
};

/// How a weight tensor splits into channels: element i belongs to channel (i / inner) % channels.
struct ChannelLayout {
  std::size_t channels = 1;
  std::size_t inner = 1;
};

/// Symmetric rounding to [-limit, limit]; the scale of each channel is searched for the least
/// squared error, from the channel's maximum downwards. limit  2^(b-1) - 1: 127 at 8 bits, 63 at 7
QuantizedWeights quantize_weights(std::span<const float> weights,
                                  const ChannelLayout& layout,
                                  int limit);

}  // namespace zoa
