// SPDX-License-Identifier: Apache-2.0
// pixelate and jpeg_compression.
#include <algorithm>

#include "zoa/corrupt/families.h"
#include "zoa/image/decode.h"
#include "zoa/image/resize.h"

namespace zoa::detail {

Image pixelate(const Image& image, const Setting& setting) {
  const double part = setting.pick<double>({.6, .5, .4, .3, .25}, {.95, .9, .85, .75, .65});
  const int width = std::max(1, static_cast<int>(image.width * part));
  const int height = std::max(1, static_cast<int>(image.height * part));
  const Image small = resize(image, width, height, Interpolation::Box);
  return resize(small, image.width, image.height, Interpolation::Box);
}

Image jpeg_compression(const Image& image, const Setting& setting) {
  const int quality = setting.pick<int>({25, 18, 15, 10, 7}, {80, 65, 58, 50, 40});
  return decode_image(encode_jpeg(image, quality), "jpeg_compression");
}

}  // namespace zoa::detail
