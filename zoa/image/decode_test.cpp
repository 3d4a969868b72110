// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/decode.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"

namespace zoa {
namespace {

using Content = std::vector<std::uint8_t>;

std::string path_of(const std::string& name) {
  return ZOA_SOURCE_DIR "/tests/data/images/" + name;
}

Content load(const std::string& name) {
  return read_file(path_of(name), 1U << 20U);
}

// The code of the error that decoding throws; -1 = none.
int decode_code(const Content& bytes, const DecodeLimits& limits = {}) {
  try {
    decode_image(bytes, "test.jpg", limits);
    return -1;
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("test.jpg: ")) << error.what();
    return static_cast<int>(error.code());
  }
}

constexpr int kBadFile = static_cast<int>(ErrorCode::BadFile);
constexpr int kLimit = static_cast<int>(ErrorCode::LimitExceeded);

class DecodeKind : public testing::TestWithParam<const char*> {};

TEST_P(DecodeKind, EqualsPillow) {
  std::string name = GetParam();
  const Image image = load_image(path_of(name));
  std::replace(name.begin(), name.end(), '.', '_');
  const Image expected = load_image(path_of("expected_" + name + ".png"));
  EXPECT_EQ(image.width, 19);
  EXPECT_EQ(image.height, 11);
  EXPECT_EQ(image, expected);
}

TEST_P(DecodeKind, EveryTruncationIsAnError) {
  const Content bytes = load(GetParam());
  // A PNG's last four bytes, the checksum of its empty end marker, are not asked for.
  const std::size_t spare = std::string(GetParam()).ends_with(".png") ? 4 : 0;
  for (std::size_t size = 0; size < bytes.size() - spare; ++size) {
    EXPECT_EQ(decode_code(Content(bytes.begin(), bytes.begin() + static_cast<long>(size))),
              kBadFile)
        << size << " of " << bytes.size();
  }
}

// Damage may go unnoticed where a format has no checksum, but it never crashes or hangs.
TEST_P(DecodeKind, DamagedBytesNeverCrash) {
  const Content bytes = load(GetParam());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int value : {0x00, 0xFF, 0x7F}) {
      Content damaged = bytes;
      damaged[i] = static_cast<std::uint8_t>(value);
      DecodeLimits limits;
      limits.max_pixels = 1'000'000;
      decode_code(damaged, limits);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         DecodeKind,
                         testing::Values("baseline.jpg",
                                         "progressive.jpg",
                                         "sampling444.jpg",
                                         "restart.jpg",
                                         "gray.jpg",
                                         "cmyk.jpg",
                                         "exif.jpg",
                                         "rgb.png",
                                         "gray.png",
                                         "bits1.png",
                                         "palette.png",
                                         "alpha.png",
                                         "rgb16.png",
                                         "gray16.png"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Decode, RefusesOtherFiles) {
  const std::string text = "just a text file that somebody named .jpg";
  EXPECT_EQ(decode_code(Content(text.begin(), text.end())), kBadFile);
  EXPECT_EQ(decode_code({}), kBadFile);
}

TEST(Decode, KeepsToItsLimits) {
  DecodeLimits limits;
  limits.max_pixels = 19 * 11 - 1;
  EXPECT_EQ(decode_code(load("baseline.jpg"), limits), kLimit);
  EXPECT_EQ(decode_code(load("rgb.png"), limits), kLimit);
  limits.max_pixels = 19 * 11;
  EXPECT_EQ(decode_code(load("baseline.jpg"), limits), -1);
  limits.max_scans = 3;
  EXPECT_EQ(decode_code(load("progressive.jpg"), limits), kLimit);
  EXPECT_EQ(decode_code(load("baseline.jpg"), limits), -1);
  limits.max_bytes = 10;
  EXPECT_EQ(decode_code(load("baseline.jpg"), limits), kLimit);
}

TEST(Decode, HugeHeaderTakesNoMemory) {
  Content jpeg = load("baseline.jpg");
  const Content frame{0xFF, 0xC0, 0x00, 0x11, 0x08};
  auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
  ASSERT_NE(at, jpeg.end());
  std::fill(at + 5, at + 9, std::uint8_t{0xFF});
  EXPECT_EQ(decode_code(jpeg), kLimit);
}

TEST(Decode, FillBytesBeforeTheEndMarkerAreHarmless) {
  Content jpeg = load("baseline.jpg");
  jpeg.insert(jpeg.end() - 2, 3, std::uint8_t{0x55});
  EXPECT_EQ(decode_image(jpeg, "x"), decode_image(load("baseline.jpg"), "x"));
}

// libjpeg says of such a file only that there are fill bytes before the end marker.
TEST(Decode, FillBytesDoNotHideMissingIntervals) {
  Content jpeg = load("restart.jpg");
  const Content restart{0xFF, 0xD2};  // the third of five
  const auto at = std::search(jpeg.begin(), jpeg.end(), restart.begin(), restart.end());
  ASSERT_NE(at, jpeg.end());
  jpeg.erase(at, jpeg.end());
  jpeg.insert(jpeg.end(), {0x55, 0x55, 0x55, 0xFF, 0xD9});
  EXPECT_EQ(decode_code(jpeg), kBadFile);
}

TEST(Decode, MissingFileIsAnIoError) {
  try {
    load_image(path_of("none.jpg"));
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Io);
    EXPECT_NE(std::string(error.what()).find("none.jpg"), std::string::npos);
  }
  EXPECT_THROW(load_image(path_of("")), Error);
}

TEST(Encode, PngRoundTripIsExact) {
  const Image image = load_image(path_of("rgb.png"));
  EXPECT_EQ(decode_image(encode_png(image), "x"), image);
}

TEST(Encode, JpegRoundTripIsNear) {
  const Image image = load_image(path_of("baseline.jpg"));
  const Image again = decode_image(encode_jpeg(image, 95), "x");
  ASSERT_EQ(again.width, image.width);
  int sum = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    sum += std::abs(image.rgb[i] - again.rgb[i]);
  }
  EXPECT_LT(sum / static_cast<int>(image.rgb.size()), 12);
  EXPECT_LT(encode_jpeg(image, 5).size(), encode_jpeg(image, 95).size());
}

TEST(Encode, RefusesBadArguments) {
  EXPECT_THROW(encode_jpeg(Image{}, 50), Error);
  EXPECT_THROW(encode_jpeg(Image(2, 2), 0), Error);
  EXPECT_THROW(encode_jpeg(Image(70000, 1), 50), Error);
  EXPECT_THROW(encode_png(Image{}), Error);
}

}  // namespace
}  // namespace zoa
