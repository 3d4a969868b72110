// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/resize.h"

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

// The input pattern and the hash of tools/make_golden_resize.py.
Image make_pattern(int width, int height) {
  Image image(width, height);
  std::uint32_t state = 1;
  for (std::uint8_t& value : image.rgb) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return image;
}

std::string to_hex(std::uint64_t value, int digits) {
  std::string text;
  for (int i = digits - 1; i >= 0; --i) {
    text += "0123456789abcdef"[(value >> (4 * i)) & 15U];
  }
  return text;
}

std::string golden_text(const Image& image) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  std::string hex;
  for (const std::uint8_t value : image.rgb) {
    hash = (hash ^ value) * 0x100000001B3ULL;
    hex += image.rgb.size() <= 120 ? to_hex(value, 2) : "";
  }
  return hex.empty() ? "fnv:" + to_hex(hash, 16) : hex;
}

TEST(Resize, EqualsPillowBitForBit) {
  std::ifstream file(ZOA_SOURCE_DIR "/tests/data/resize/golden.txt");
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) {
      continue;
    }
    std::istringstream words(line);
    std::string filter;
    std::string expected;
    std::array<int, 4> size{};
    words >> filter >> size[0] >> size[1] >> size[2] >> size[3] >> expected;
    const Image out =
        resize(make_pattern(size[0], size[1]), size[2], size[3], parse_interpolation(filter));
    EXPECT_EQ(golden_text(out), expected) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 72);
}

TEST(Resize, SameSizeIsACopy) {
  const Image image = make_pattern(9, 4);
  for (const auto way : {Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic}) {
    EXPECT_EQ(resize(image, 9, 4, way), image);
  }
}

TEST(Resize, OnePixelBecomesAFlatPicture) {
  Image image(1, 1);
  image.rgb = {10, 200, 255};
  const Image out = resize(image, 3, 2, Interpolation::Bicubic);
  for (std::size_t i = 0; i < out.rgb.size(); ++i) {
    EXPECT_EQ(out.rgb[i], image.rgb[i % 3]);
  }
}

TEST(Resize, RefusesBadArguments) {
  EXPECT_THROW(resize(Image{}, 3, 3, Interpolation::Bilinear), Error);
  EXPECT_THROW(resize(Image(2, 2), 0, 3, Interpolation::Bilinear), Error);
  EXPECT_THROW(resize(Image(2, 2), 3, 2'000'000, Interpolation::Nearest), Error);
  Image torn(2, 2);
  torn.rgb.pop_back();
  EXPECT_THROW(resize(torn, 3, 3, Interpolation::Nearest), Error);
}

TEST(Interpolation, WordsRoundTripAndUnknownOnesListTheKnown) {
  EXPECT_EQ(parse_interpolation("bicubic"), Interpolation::Bicubic);
  try {
    parse_interpolation("bicubc");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("bilinear"), std::string::npos);
  }
}

TEST(CenterCrop, OffsetsRoundHalfToEven) {
  const Image image = make_pattern(7, 9);
  const Image out = center_crop(image, 4, 4);  // offsets 1.5 -> 2 and 2.5 -> 2
  ASSERT_EQ(out.width, 4);
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t i = 0; i < 12; ++i) {
      EXPECT_EQ(out.rgb[y * 12 + i], image.rgb[(y + 2) * 21 + 6 + i]);
    }
  }
}

TEST(CenterCrop, PadsSmallerPicturesWithBlack) {
  Image image(1, 1);
  image.rgb = {9, 8, 7};
  const Image out = center_crop(image, 3, 3);
  EXPECT_EQ(out.rgb[12], 9);
  EXPECT_EQ(out.rgb[0], 0);
  EXPECT_EQ(out.rgb[26], 0);
  EXPECT_EQ(center_crop(make_pattern(5, 2), 3, 6).height, 6);
}

}  // namespace
}  // namespace zoa
