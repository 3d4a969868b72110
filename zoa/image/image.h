// SPDX-License-Identifier: Apache-2.0
// A decoded picture: 8 bits, RGB, rows from top to bottom. The one picture type of zoa.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zoa {

struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;  ///< (height, width, 3)

  Image() = default;
  /// A black picture of this size.
  Image(int w, int h)
      : width(w), height(h), rgb(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3) {}

  bool operator==(const Image&) const = default;
};

}  // namespace zoa
