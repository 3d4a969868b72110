// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg-turbo's TurboJPEG API, with a marker walk of our own before it: the number of
// scans of a progressive file is the one cost that the library does not let us bound.
#include <memory>
#include <string_view>

#include <turbojpeg.h>

#include "zoa/core/error.h"
#include "zoa/image/codecs.h"

namespace zoa {
namespace {

struct HandleDeleter {
  void operator()(void* handle) const noexcept { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, HandleDeleter>;

struct BufferDeleter {
  void operator()(unsigned char* buffer) const noexcept { tjFree(buffer); }
};

bool is_frame(int marker) {  // SOF0..SOF15 without DHT, JPG and DAC
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Reads big-endian numbers and finds markers; never past the end.
class MarkerWalk {
 public:
  explicit MarkerWalk(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // The next marker at or after the position, entropy-coded data skipped; -1 = none.
  int next() {
    while (position_ + 1 < bytes_.size()) {
      const int code = bytes_[position_ + 1];
      const bool is_restart = code >= 0xD0 && code <= 0xD7;
      if (bytes_[position_] == 0xFF && code != 0 && code != 0xFF && !is_restart) {
        position_ += 2;
        return code;
      }
      ++position_;
    }
    return -1;
  }
  int u8(std::size_t offset) const { return bytes_[position_ + offset]; }
  int u16(std::size_t offset) const { return u8(offset) * 256 + u8(offset + 1); }
  bool has(std::size_t count) const { return bytes_.size() - position_ >= count; }
  void skip(std::size_t count) { position_ += count; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

// Pillow's arithmetic: samples are stored inverted, so 255 means no ink.
void append_cmyk_as_rgb(const std::vector<std::uint8_t>& cmyk, Image& image) {
  for (std::size_t i = 0; i < image.rgb.size() / 3; ++i) {
    const int light = cmyk[4 * i + 3];  // 255 - K
    for (std::size_t c = 0; c < 3; ++c) {
      const int ink = 255 - cmyk[4 * i + c];
      const int product = ink * light + 128;
      const int scaled = ((product >> 8) + product) >> 8;  // rounded ink * light / 255
      image.rgb[3 * i + c] = static_cast<std::uint8_t>(light - scaled);
    }
  }
}

// One warning is harmless: fill bytes between the last scan and the end marker. Any other means
// that pixels were made up. The library tells of the first warning only, and where intervals of a
// picture with restart markers are missing, that one comes first.
bool is_harmless(tjhandle handle) {
  const std::string_view text = tjGetErrorStr2(handle);
  return tjGetErrorCode(handle) == TJERR_WARNING &&
         text.find("extraneous bytes before marker 0xd9") != std::string_view::npos;
}

}  // namespace

namespace detail {

JpegHeader read_jpeg_header(std::span<const std::uint8_t> bytes, const std::string& where) {
  JpegHeader header;
  MarkerWalk walk(bytes);
  walk.skip(2);  // SOI, seen by the caller
  for (int marker = walk.next(); marker != -1 && marker != 0xD9; marker = walk.next()) {
    if (marker == 0x01 || marker == 0xD8) {
      continue;  // the two markers without a length
    }
    if (!walk.has(2) || walk.u16(0) < 2 || !walk.has(static_cast<std::size_t>(walk.u16(0)))) {
      fail(ErrorCode::BadFile, where, ": JPEG ends inside a segment; the file is truncated");
    }
    const auto length = static_cast<std::size_t>(walk.u16(0));
    if (is_frame(marker) && header.components == 0 && length >= 8) {
      header.height = walk.u16(3);
      header.width = walk.u16(5);
      header.components = walk.u8(7);
    }
    header.has_restarts |= marker == 0xDD && length >= 4 && walk.u16(2) != 0;
    header.scans += marker == 0xDA ? 1 : 0;
    walk.skip(length);
  }
  if (header.components == 0 || header.scans == 0) {
    fail(ErrorCode::BadFile, where, ": JPEG without picture data; the file is truncated");
  }
  return header;
}

Image decode_jpeg(std::span<const std::uint8_t> bytes,
                  const std::string& where,
                  const DecodeLimits& limits) {
  const JpegHeader header = read_jpeg_header(bytes, where);
  if (header.components != 1 && header.components != 3 && header.components != 4) {
    fail(ErrorCode::BadFile, where, ": JPEG with ", header.components,
         " components, expected 1, 3 or 4");
  }
  check_pixels(static_cast<std::uint64_t>(header.width), static_cast<std::uint64_t>(header.height),
               where, limits);
  if (header.scans > limits.max_scans) {
    fail(ErrorCode::LimitExceeded, where, ": JPEG with ", header.scans, " scans, limit is ",
         limits.max_scans);
  }
  const Handle handle(tjInitDecompress());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colorspace = 0;
  const auto size = static_cast<unsigned long>(bytes.size());
  // Its return value is not asked: it refuses rare chroma subsamplings that tjDecompress2 decodes.
  tjDecompressHeader3(handle.get(), bytes.data(), size, &width, &height, &subsampling, &colorspace);
  if (width != header.width || height != header.height) {
    fail(ErrorCode::BadFile, where, ": damaged JPEG header: ", tjGetErrorStr2(handle.get()));
  }
  Image image(width, height);
  std::vector<std::uint8_t> cmyk(header.components == 4 ? image.rgb.size() / 3 * 4 : 0);
  const bool is_cmyk = !cmyk.empty();
  const int failed =
      tjDecompress2(handle.get(), bytes.data(), size, is_cmyk ? cmyk.data() : image.rgb.data(),
                    width, 0, height, is_cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_ACCURATEDCT);
  if (failed != 0 && (header.has_restarts || !is_harmless(handle.get()))) {
    fail(ErrorCode::BadFile, where, ": damaged JPEG: ", tjGetErrorStr2(handle.get()));
  }
  if (is_cmyk) {
    append_cmyk_as_rgb(cmyk, image);
  }
  return image;
}

}  // namespace detail

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  detail::check_image(image, "encode_jpeg");
  if (quality < 1 || quality > 100) {
    fail(ErrorCode::InvalidArgument, "encode_jpeg: quality ", quality, ", expected 1..100");
  }
  const Handle handle(tjInitCompress());
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int failed = tjCompress2(handle.get(), image.rgb.data(), image.width, 0, image.height,
                                 TJPF_RGB, &data, &size, TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, BufferDeleter> buffer(data);
  if (failed != 0) {
    fail(ErrorCode::InvalidArgument, "encode_jpeg: ", tjGetErrorStr2(handle.get()));
  }
  return {data, data + size};
}

}  // namespace zoa
