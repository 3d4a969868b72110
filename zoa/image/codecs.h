// SPDX-License-Identifier: Apache-2.0
// The two decoders behind decode_image(), one per file. Private to zoa/image.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "zoa/image/decode.h"

namespace zoa::detail {

/// What a walk over a JPEG's markers finds, before any decoding.
struct JpegHeader {
  int width = 0;
  int height = 0;
  int components = 0;
  bool has_restarts = false;  ///< there are restart intervals
  int scans = 0;              ///< SOS markers up to the end of the data
};

/// Throws  BadFile if the markers are out of shape or there is no frame header.
JpegHeader read_jpeg_header(std::span<const std::uint8_t> bytes, const std::string& where);

/// Both throw what decode_image throws.
Image decode_jpeg(std::span<const std::uint8_t> bytes,
                  const std::string& where,
                  const DecodeLimits& limits);
Image decode_png(std::span<const std::uint8_t> bytes,
                 const std::string& where,
                 const DecodeLimits& limits);

/// Throws  BadFile for an empty picture, LimitExceeded for one of more than max_pixels.
void check_pixels(std::uint64_t width,
                  std::uint64_t height,
                  const std::string& where,
                  const DecodeLimits& limits);

/// Throws  InvalidArgument if the picture is empty or its bytes do not fit its size.
void check_image(const Image& image, const char* where);

}  // namespace zoa::detail
