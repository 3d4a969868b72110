// SPDX-License-Identifier: Apache-2.0
// PNG by libspng.
#include <cstdlib>
#include <memory>

#include <spng.h>

#include "zoa/core/error.h"
#include "zoa/image/codecs.h"

namespace zoa {
namespace {

// Text, colour profiles and the like: read over, so that the end marker is seen, within this.
constexpr std::size_t kMaxChunkBytes = 64UL << 20U;

struct ContextDeleter {
  void operator()(spng_ctx* context) const noexcept { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, ContextDeleter>;

struct FreeDeleter {
  void operator()(void* buffer) const noexcept { std::free(buffer); }  // spng allocates with malloc
};

void check(int code, const std::string& where) {
  if (code != 0) {
    fail(ErrorCode::BadFile, where, ": damaged PNG: ", spng_strerror(code));
  }
}

}  // namespace

namespace detail {

Image decode_png(std::span<const std::uint8_t> bytes,
                 const std::string& where,
                 const DecodeLimits& limits) {
  const Context context(spng_ctx_new(0));
  check(spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes), where);
  check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), where);
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header), where);
  check_pixels(header.width, header.height, where, limits);
  if (header.width > 0x7FFFFFFFU || header.height > 0x7FFFFFFFU) {
    fail(ErrorCode::LimitExceeded, where, ": picture of ", header.width, " x ", header.height);
  }
  Image image(static_cast<int>(header.width), static_cast<int>(header.height));
  check(spng_decode_image(context.get(), image.rgb.data(), image.rgb.size(), SPNG_FMT_RGB8, 0),
        where);
  check(spng_decode_chunks(context.get()), where);  // up to IEND, so a cut tail is noticed
  return image;
}

}  // namespace detail

std::vector<std::uint8_t> encode_png(const Image& image) {
  detail::check_image(image, "encode_png");
  const Context context(spng_ctx_new(SPNG_CTX_ENCODER));
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width);
  header.height = static_cast<std::uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(context.get(), &header);
  int code = spng_encode_image(context.get(), image.rgb.data(), image.rgb.size(), SPNG_FMT_PNG,
                               SPNG_ENCODE_FINALIZE);
  std::size_t size = 0;
  const std::unique_ptr<void, FreeDeleter> buffer(
      code == 0 ? spng_get_png_buffer(context.get(), &size, &code) : nullptr);
  if (code != 0 || buffer == nullptr) {
    fail(ErrorCode::Internal, "encode_png: ", spng_strerror(code));
  }
  const auto* data = static_cast<const std::uint8_t*>(buffer.get());
  return {data, data + size};
}

}  // namespace zoa
