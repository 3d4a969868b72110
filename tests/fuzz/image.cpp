// SPDX-License-Identifier: Apache-2.0
// JPEG and PNG. The limit on pixels is low, so that a run sees many pictures and not few large
// ones.
#include "zoa/image/decode.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  DecodeLimits limits;
  limits.max_pixels = 1U << 16U;
  Image picture;
  if (fuzz::reads([&] { picture = decode_image({data, size}, "input", limits); },
                  {ErrorCode::BadFile, ErrorCode::LimitExceeded})) {
    fuzz::require(decode_image(encode_png(picture), "again", limits) == picture,
                  "a picture that was read can be written and read again");
  }
  return 0;
}
