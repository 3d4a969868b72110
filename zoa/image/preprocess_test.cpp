// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/preprocess.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/image/resize.h"

namespace zoa {
namespace {

Image make_gradient(int width, int height) {
  Image image(width, height);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(i * 7 % 251);
  }
  return image;
}

TEST(FitImage, LargerPicturesAreShrunkAndCropped) {
  PreprocessSpec spec = preset("imagenet", 224, 224);
  const Image image = make_gradient(500, 375);
  const Image expected =
      center_crop(resize(image, 341, 256, Interpolation::Bicubic), 224, 224);  // 256*500/375
  EXPECT_EQ(fit_image(image, spec), expected);
  spec.crop_pct = 1.0;
  EXPECT_EQ(fit_image(image, spec),
            center_crop(resize(image, 298, 224, Interpolation::Bicubic), 224, 224));
}

TEST(FitImage, SmallerPicturesGoStraightToTheInput) {
  const PreprocessSpec spec = preset("imagenet", 84, 84);
  const Image image = make_gradient(32, 32);
  EXPECT_EQ(fit_image(image, spec), resize(image, 84, 84, Interpolation::Bicubic));
  const Image flat = make_gradient(500, 84);  // the short side is not larger
  EXPECT_EQ(fit_image(flat, spec), resize(flat, 84, 84, Interpolation::Bicubic));
  const Image same = make_gradient(84, 84);
  EXPECT_EQ(fit_image(same, spec), same);
}

TEST(FitImage, OddShapesWork) {
  PreprocessSpec spec = preset("none", 20, 40);
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{1, 1}, {41, 21}, {90, 21}, {41, 500}, {1000, 1}}) {
    const Image out = fit_image(make_gradient(width, height), spec);
    EXPECT_EQ(out.width, 40);
    EXPECT_EQ(out.height, 20);
  }
}

TEST(Preprocess, ArithmeticIsFloat32InTheWrittenOrder) {
  Image image(1, 1);
  image.rgb = {200, 100, 7};
  const PreprocessSpec spec = preset("imagenet", 1, 1);
  std::vector<float> out(3);
  preprocess(image, spec, out);
  EXPECT_EQ(out[0], (200.F / 255.F - 0.485F) / 0.229F);
  EXPECT_EQ(out[1], (100.F / 255.F - 0.456F) / 0.224F);
  EXPECT_EQ(out[2], (7.F / 255.F - 0.406F) / 0.225F);
}

TEST(Preprocess, PlanesFollowEachOther) {
  Image image(2, 1);
  image.rgb = {1, 2, 3, 4, 5, 6};
  std::vector<float> out(6);
  preprocess(image, preset("none", 1, 2), out);
  EXPECT_EQ(out, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(Preprocess, OneChannelIsLuma) {
  Image image(2, 1);
  image.rgb = {255, 0, 0, 40, 40, 40};
  PreprocessSpec spec = preset("none", 1, 2);
  spec.channels = 1;
  std::vector<float> out(2);
  preprocess(image, spec, out);
  EXPECT_EQ(out, (std::vector<float>{76, 40}));
}

TEST(Preprocess, RefusesWrongRoomAndFields) {
  std::vector<float> out(5);
  EXPECT_THROW(preprocess(Image(2, 2), preset("none", 1, 2), out), Error);
  EXPECT_THROW(preprocess(Image{}, preset("none", 1, 2), out), Error);
  const auto refused = [](auto change) {
    PreprocessSpec spec = preset("imagenet", 8, 8);
    change(spec);
    EXPECT_THROW(check_preprocess(spec), Error);
  };
  refused([](PreprocessSpec& s) { s.height = 0; });
  refused([](PreprocessSpec& s) { s.channels = 2; });
  refused([](PreprocessSpec& s) { s.crop_pct = 87.5; });
  refused([](PreprocessSpec& s) { s.std[1] = 0.F; });
  refused([](PreprocessSpec& s) { s.mean[2] = 0.F / 0.F; });
  refused([](PreprocessSpec& s) { s.divisor = -1.F; });
  refused([](PreprocessSpec& s) { s.interpolation = "cubic"; });
}

TEST(Preset, AllListedOnesExistAndOthersListThem) {
  for (const std::string& name : list_presets()) {
    EXPECT_NO_THROW(check_preprocess(preset(name, 224, 224)));
  }
  try {
    preset("imgnet", 1, 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("inception"), std::string::npos);
  }
}

TEST(Describe, NamesEveryField) {
  EXPECT_EQ(describe(preset("imagenet", 224, 192)),
            "input 3x224x192, bicubic, crop 0.875, pixels / 255, mean 0.485 0.456 0.406, "
            "std 0.229 0.224 0.225");
}

}  // namespace
}  // namespace zoa
