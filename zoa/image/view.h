// SPDX-License-Identifier: Apache-2.0
// Pixels in somebody else's memory, e.g. a camera's buffer or an array of Python.
#pragma once

#include <cstddef>
#include <cstdint>

#include "zoa/image/image.h"

namespace zoa {

/// 8-bit RGB; the byte of channel c at (x, y) is pixels[y * row + x * column + c * channel].
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  std::size_t width = 0;
  std::size_t height = 0;
  std::ptrdiff_t row = 0;     ///< bytes from a row to the next one
  std::ptrdiff_t column = 3;  ///< from a pixel to the next one
  std::ptrdiff_t channel = 1;
};

/// Copies the pixels; takes memory only where `image` has too little.
/// Throws  InvalidArgument for no pixels or more than 64 million, as the decoders allow.
void copy_image(const ImageView& view, Image& image);

}  // namespace zoa
