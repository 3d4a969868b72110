// SPDX-License-Identifier: Apache-2.0
// A batch of preprocessed images, as the engine takes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zoa {

struct Batch {
  std::size_t count = 0;  ///< B
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<float> pixels;      ///< (B, C, H, W) f32, normalised
  std::vector<std::int64_t> ids;  ///< (B) index of each image in its data set
  std::vector<int> labels;        ///< (B) class index; -1 = unknown. Methods never read it
};

}  // namespace zoa
