// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/image_moments.h"

namespace zoa {

// Row by row, as they lie in memory; two sweeps, so nothing cancels.
ImageMoments pool_images(std::span<const float> mean,
                         std::span<const float> variance,
                         std::size_t channels) {
  const std::size_t images = mean.size() / channels;
  const double share = 1.0 / static_cast<double>(images);
  std::vector<double> sum(channels);
  std::vector<double> between(channels);
  std::vector<double> within(channels);
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      sum[c] += share * static_cast<double>(mean[i * channels + c]);
    }
  }
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double offset = static_cast<double>(mean[i * channels + c]) - sum[c];
      between[c] += share * offset * offset;
      within[c] += variance.empty() ? 0.0 : share * static_cast<double>(variance[i * channels + c]);
    }
  }
  ImageMoments moments{std::vector<float>(channels), std::vector<float>(channels),
                       std::vector<float>(channels)};
  for (std::size_t c = 0; c < channels; ++c) {
    moments.mean[c] = static_cast<float>(sum[c]);
    moments.variance[c] = static_cast<float>(within[c] + between[c]);
    moments.spread[c] = static_cast<float>(between[c]);
  }
  return moments;
}

}  // namespace zoa
