// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/view.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"

namespace zoa {
namespace {

// Two rows of two pixels.
const std::vector<std::uint8_t> kPixels{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

TEST(ImageView, RowsAreCopied) {
  Image image;
  copy_image({kPixels.data(), 2, 2, 6}, image);
  EXPECT_EQ(2, image.width);
  EXPECT_EQ(2, image.height);
  EXPECT_EQ(kPixels, image.rgb);
}

TEST(ImageView, StridesMayHaveAnySign) {
  Image image(9, 9);
  copy_image({kPixels.data() + 6, 2, 2, -6}, image);  // upside down
  EXPECT_EQ((std::vector<std::uint8_t>{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}), image.rgb);
  copy_image({kPixels.data() + 2, 2, 1, 6, 3, -1}, image);  // BGR
  EXPECT_EQ((std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4}), image.rgb);
  copy_image({kPixels.data(), 2, 1, 2, 1, 4}, image);  // planes of 2 x 2
  EXPECT_EQ((std::vector<std::uint8_t>{1, 5, 9, 2, 6, 10}), image.rgb);
}

TEST(ImageView, SizesAreChecked) {
  Image image;
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  for (const ImageView& view :
       {ImageView{kPixels.data(), 0, 2, 6}, ImageView{kPixels.data(), 2, 0, 6},
        ImageView{nullptr, 2, 2, 6}, ImageView{kPixels.data(), kHuge, kHuge, 6},
        ImageView{kPixels.data(), 10'000, 10'000, 6}}) {
    EXPECT_EQ(ErrorCode::InvalidArgument, test::error_of([&] { copy_image(view, image); }).first);
  }
}

}  // namespace
}  // namespace zoa
