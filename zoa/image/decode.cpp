// SPDX-License-Identifier: Apache-2.0
// Files and magic numbers; the codecs are in jpeg.cpp and png.cpp.
#include "zoa/image/decode.h"

#include <algorithm>
#include <array>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/image/codecs.h"

namespace zoa {
namespace {

constexpr std::array<std::uint8_t, 3> kJpegMagic{0xFF, 0xD8, 0xFF};
constexpr std::array<std::uint8_t, 8> kPngMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <std::size_t N>
bool starts_with(std::span<const std::uint8_t> bytes, const std::array<std::uint8_t, N>& magic) {
  return bytes.size() >= N && std::equal(magic.begin(), magic.end(), bytes.begin());
}

}  // namespace

namespace detail {

void check_pixels(std::uint64_t width,
                  std::uint64_t height,
                  const std::string& where,
                  const DecodeLimits& limits) {
  if (width == 0 || height == 0) {
    fail(ErrorCode::BadFile, where, ": picture of ", width, " x ", height, " pixels");
  }
  if (width > limits.max_pixels / height) {
    fail(ErrorCode::LimitExceeded, where, ": picture of ", width, " x ", height,
         " pixels, limit is ", limits.max_pixels, "; scale it down first");
  }
}

void check_image(const Image& image, const char* where) {
  if (image.width < 1 || image.height < 1) {
    fail(ErrorCode::InvalidArgument, where, ": empty picture, expected at least 1 x 1 pixels");
  }
  const auto expected =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3;
  if (image.rgb.size() != expected) {
    fail(ErrorCode::InvalidArgument, where, ": ", image.rgb.size(), " bytes for ", image.width,
         " x ", image.height, " pixels, expected ", expected);
  }
}

}  // namespace detail

Image decode_image(std::span<const std::uint8_t> bytes,
                   const std::string& where,
                   const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    fail(ErrorCode::LimitExceeded, where, ": ", bytes.size(), " bytes, limit is ",
         limits.max_bytes);
  }
  if (starts_with(bytes, kJpegMagic)) {
    return detail::decode_jpeg(bytes, where, limits);
  }
  if (starts_with(bytes, kPngMagic)) {
    return detail::decode_png(bytes, where, limits);
  }
  fail(ErrorCode::BadFile, where, bytes.empty() ? ": empty file" : ": neither JPEG nor PNG",
       ", expected a JPEG or PNG picture");
}

Image load_image(const std::string& path, const DecodeLimits& limits) {
  return decode_image(read_file(path, limits.max_bytes), path, limits);
}

}  // namespace zoa
