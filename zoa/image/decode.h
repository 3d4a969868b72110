// SPDX-License-Identifier: Apache-2.0
// JPEG and PNG bytes to pixels and back. Files are untrusted: sizes are checked before memory is
// taken, and a picture is either complete or an Error; half-decoded pixels never come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zoa/image/image.h"

namespace zoa {

struct DecodeLimits {
  std::uint64_t max_pixels = 64'000'000;    ///< width * height
  std::uint64_t max_bytes = 256ULL << 20U;  ///< size of the file
  int max_scans = 100;                      ///< scans of a progressive JPEG
};

/// Decodes a JPEG or a PNG, told apart by their first bytes, never by the file's name.
/// bytes  the whole file.     where  its name, for error texts
/// Gray and palette pictures become RGB, 16-bit samples keep their high byte, alpha is dropped
/// without blending, CMYK and YCCK JPEGs are converted as Pillow does (Adobe's inverted samples
/// assumed). EXIF orientation is ignored: pixels come as they are stored, as in the usual
/// evaluation scripts. Throws  BadFile for anything that is not a whole JPEG or PNG (truncated data
/// included);
///         LimitExceeded where a limit is passed.
Image decode_image(std::span<const std::uint8_t> bytes,
                   const std::string& where,
                   const DecodeLimits& limits = {});

/// Reads a file and decodes it; see decode_image.
/// Throws  Io if it cannot be read, and what decode_image throws.
Image load_image(const std::string& path, const DecodeLimits& limits = {});

/// JPEG with 4:2:0 chroma, baseline, standard tables.     quality  1..100
/// Throws  InvalidArgument for an empty picture or a quality out of range.
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

/// PNG, 8-bit RGB.
/// Throws  InvalidArgument for an empty picture.
std::vector<std::uint8_t> encode_png(const Image& image);

}  // namespace zoa
