// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/memory.h"

#include <numeric>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"

namespace zoa {
namespace {

std::vector<std::uint8_t> counted(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(MemoryDataset, GivesPicturesAndLabels) {
  const std::vector<std::uint8_t> pixels = counted(24);
  const auto data =
      images_in_memory({{pixels.data(), 2, 2, 6}, {pixels.data() + 12, 4, 1, 12}}, {3, -1});
  EXPECT_EQ(2U, data->size(0));
  EXPECT_EQ(4, data->image(0, 1).width);
  EXPECT_EQ(12, data->image(0, 1).rgb.front());
  EXPECT_EQ(3, data->label(0, 0));
  EXPECT_EQ(-1, data->label(0, 1));
  EXPECT_EQ(std::vector<std::string>{"images"}, default_domains(*data));
  EXPECT_EQ(-1, images_in_memory({{pixels.data(), 2, 2, 6}})->label(0, 0));
}

TEST(MemoryDataset, HashIsOfPixelsSizesAndLabels) {
  std::vector<std::uint8_t> pixels = counted(24);
  const auto hash = [&](std::size_t width, int label) {
    return images_in_memory({{pixels.data(), width, 4 / width, 0}}, {label})->hash();
  };
  const std::uint64_t first = hash(2, 1);
  EXPECT_EQ(first, hash(2, 1));
  EXPECT_NE(first, hash(2, 2));
  EXPECT_NE(first, hash(4, 1));
  pixels[5] = 99;
  EXPECT_NE(first, hash(2, 1));
}

TEST(MemoryDataset, BadOnesAreRefused) {
  const std::vector<std::uint8_t> pixels = counted(24);
  const std::vector<ImageView> pictures{{pixels.data(), 2, 2, 6}, {pixels.data(), 0, 2, 6}};
  EXPECT_EQ(ErrorCode::InvalidArgument,
            test::error_of([&] { images_in_memory(pictures, {1}); }).first);
  const auto data = images_in_memory(pictures);
  EXPECT_EQ(ErrorCode::InvalidArgument, test::error_of([&] { data->image(0, 1); }).first);
}

}  // namespace
}  // namespace zoa
