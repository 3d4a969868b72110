// SPDX-License-Identifier: Apache-2.0
// Statistics of a site over a batch from those of each image: what the graph gives where a method
// asks for the spread of images or for means alone. Called by the engine after every pass.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace zoa {

struct ImageMoments {
  std::vector<float> mean;      ///< (C) over images and positions
  std::vector<float> variance;  ///< (C) the same, biased
  std::vector<float> spread;    ///< (C) of the images' means, biased
};

/// mean  (B, C) of every image;  variance  (B, C) biased, or empty for 0: images of one position
ImageMoments pool_images(std::span<const float> mean,
                         std::span<const float> variance,
                         std::size_t channels);

}  // namespace zoa
