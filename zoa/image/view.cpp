// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/view.h"

#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/image/decode.h"

namespace zoa {
namespace {

constexpr std::ptrdiff_t kChannels = 3;

void copy_row(const std::uint8_t* from, const ImageView& view, std::uint8_t* to) {
  if (view.column == kChannels && view.channel == 1) {
    std::copy_n(from, view.width * kChannels, to);
    return;
  }
  for (std::size_t x = 0; x < view.width; ++x) {
    for (std::ptrdiff_t c = 0; c < kChannels; ++c) {
      *to++ = from[static_cast<std::ptrdiff_t>(x) * view.column + c * view.channel];
    }
  }
}

}  // namespace

void copy_image(const ImageView& view, Image& image) {
  const std::uint64_t most = DecodeLimits{}.max_pixels;
  if (view.pixels == nullptr || view.width == 0 || view.height == 0 || view.width > most ||
      view.height > most / view.width) {
    fail(ErrorCode::InvalidArgument, "a picture of ", view.width, " x ", view.height,
         "; expected at least one and at most ", most, " pixels");
  }
  image.width = static_cast<int>(view.width);
  image.height = static_cast<int>(view.height);
  const std::size_t bytes = view.width * kChannels;
  image.rgb.resize(bytes * view.height);
  for (std::size_t y = 0; y < view.height; ++y) {
    copy_row(view.pixels + static_cast<std::ptrdiff_t>(y) * view.row, view,
             image.rgb.data() + y * bytes);
  }
}

}  // namespace zoa
