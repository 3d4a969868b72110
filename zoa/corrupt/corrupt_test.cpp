// SPDX-License-Identifier: Apache-2.0
#include "zoa/corrupt/corrupt.h"

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

// Smooth coloured waves with a bright block: something to blur, shift and desaturate.
Image make_scene(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                       static_cast<std::size_t>(x)) *
                      3;
      const bool is_block = x > width / 3 && x < width / 2 && y > height / 4 && y < height / 2;
      image.rgb[at] = static_cast<std::uint8_t>(120 + 80 * std::sin(12.0 * x / width));
      image.rgb[at + 1] = static_cast<std::uint8_t>(110 + 70 * std::cos(9.0 * y / height));
      image.rgb[at + 2] = static_cast<std::uint8_t>(is_block ? 230 : 60);
    }
  }
  return image;
}

Image make_flat(int side, int level) {
  Image image(side, side);
  image.rgb.assign(image.rgb.size(), static_cast<std::uint8_t>(level));
  return image;
}

double mean_change(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    sum += std::abs(a.rgb[i] - b.rgb[i]);
  }
  return sum / static_cast<double>(a.rgb.size());
}

struct Moments {
  double mean = 0;
  double sigma = 0;
};

Moments measure(const Image& image) {
  double sum = 0;
  double squares = 0;
  for (const int value : image.rgb) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(image.rgb.size());
  return {sum / n, std::sqrt(squares / n - sum / n * sum / n)};
}

class EachCorruption : public testing::TestWithParam<CorruptionInfo> {};

TEST_P(EachCorruption, KeepsTheSizeOfAnyPicture) {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{
           {1, 1}, {2, 1}, {3, 5}, {28, 28}, {32, 32}, {40, 90}, {224, 224}}) {
    for (int severity = 1; severity <= 5; severity += 2) {
      for (const Profile profile : {Profile::ImageNet, Profile::Cifar}) {
        const Image out = corrupt(make_scene(width, height), GetParam().name, severity, profile, 1);
        ASSERT_EQ(out.width, width);
        ASSERT_EQ(out.height, height);
        ASSERT_EQ(out.rgb.size(), static_cast<std::size_t>(width * height * 3));
      }
    }
  }
}

TEST_P(EachCorruption, SameSeedSameBytesOnAnyThread) {
  const Image scene = make_scene(32, 32);
  const Image first = corrupt(scene, GetParam().name, 5, Profile::Cifar, 7);
  Image second;
  std::thread([&] { second = corrupt(scene, GetParam().name, 5, Profile::Cifar, 7); }).join();
  EXPECT_EQ(first, second);
}

TEST_P(EachCorruption, SeedMattersWhereThereIsChance) {
  static const std::set<std::string> fixed{"defocus_blur",  "zoom_blur", "brightness",
                                           "contrast",      "pixelate",  "jpeg_compression",
                                           "gaussian_blur", "saturate"};
  const Image scene = make_scene(224, 224);
  const bool is_equal = corrupt(scene, GetParam().name, 5, Profile::ImageNet, 1) ==
                        corrupt(scene, GetParam().name, 5, Profile::ImageNet, 2);
  EXPECT_EQ(is_equal, fixed.contains(GetParam().name));
}

TEST_P(EachCorruption, HighestSeverityChangesMoreThanTheLowest) {
  // The published levels of these two are no ladder: they change direction.
  const bool is_ladder = GetParam().name != "saturate" && GetParam().name != "elastic_transform";
  for (const auto& [side, profile] : std::vector<std::pair<int, Profile>>{
           {224, Profile::ImageNet}, {32, Profile::Cifar}, {28, Profile::Cifar}}) {
    const Image scene = make_scene(side, side);
    double low = 0;
    double high = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      low += mean_change(scene, corrupt(scene, GetParam().name, 1, profile, seed));
      high += mean_change(scene, corrupt(scene, GetParam().name, 5, profile, seed));
    }
    EXPECT_GT(high, is_ladder ? low : 0.0) << side;
    EXPECT_GT(high, 0.5) << side;
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         EachCorruption,
                         testing::ValuesIn(list_corruptions()),
                         [](const auto& param) { return param.param.name; });

TEST(Corrupt, ListHasThePublishedOrder) {
  const auto& list = list_corruptions();
  ASSERT_EQ(list.size(), 19U);
  EXPECT_EQ(list[0].name, "gaussian_noise");
  EXPECT_EQ(list[9].name, "fog");
  EXPECT_EQ(list[14].name, "jpeg_compression");
  EXPECT_FALSE(list[14].validation);
  EXPECT_TRUE(list[15].validation);
}

TEST(Corrupt, NoiseHasThePublishedStrength) {
  const Image flat = make_flat(224, 128);
  const Moments gaussian = measure(corrupt(flat, "gaussian_noise", 1, Profile::ImageNet, 3));
  EXPECT_NEAR(gaussian.mean, 127.5, 0.3);  // rounded down
  EXPECT_NEAR(gaussian.sigma, 0.08 * 255, 0.3);
  const Moments speckle = measure(corrupt(flat, "speckle_noise", 1, Profile::ImageNet, 3));
  EXPECT_NEAR(speckle.sigma, 0.15 * 128, 0.3);
  const Moments shot = measure(corrupt(flat, "shot_noise", 1, Profile::ImageNet, 3));
  EXPECT_NEAR(shot.mean, 127.5, 0.4);
  EXPECT_NEAR(shot.sigma, std::sqrt(128.0 / 255 * 60) / 60 * 255, 0.4);
}

TEST(Corrupt, ImpulsesHitThePublishedPart) {
  const Image out = corrupt(make_flat(224, 128), "impulse_noise", 5, Profile::ImageNet, 3);
  double salt = 0;
  double pepper = 0;
  for (const int value : out.rgb) {
    salt += value == 255 ? 1 : 0;
    pepper += value == 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(out.rgb.size());
  EXPECT_NEAR(salt / n, 0.135, 0.005);
  EXPECT_NEAR(pepper / n, 0.135, 0.005);
}

TEST(Corrupt, BlackPicturesSurvive) {
  const Image black = make_flat(32, 0);
  for (const CorruptionInfo& info : list_corruptions()) {
    EXPECT_NO_THROW(corrupt(black, info.name, 5, Profile::Cifar, 0)) << info.name;
  }
  EXPECT_EQ(corrupt(black, "shot_noise", 5, Profile::Cifar, 0), black);
}

TEST(Corrupt, BlursKeepAFlatPicture) {
  const Image flat = make_flat(40, 100);
  for (const char* name : {"defocus_blur", "glass_blur", "motion_blur", "zoom_blur",
                           "gaussian_blur", "pixelate", "contrast", "elastic_transform"}) {
    EXPECT_LE(mean_change(flat, corrupt(flat, name, 5, Profile::ImageNet, 1)), 1.0) << name;
  }
}

TEST(Corrupt, ToneByHand) {
  Image image(2, 1);
  image.rgb = {200, 100, 50, 60, 60, 60};
  // brightness: value + 0.5 is clipped to 1 for the first pixel, so all is scaled by 255/200.
  const Image bright = corrupt(image, "brightness", 5, Profile::ImageNet, 0);
  EXPECT_EQ(bright.rgb, (std::vector<std::uint8_t>{255, 127, 63, 187, 187, 187}));
  // contrast 0.05 around the channel means 130, 80, 55.
  const Image flat = corrupt(image, "contrast", 5, Profile::ImageNet, 0);
  EXPECT_EQ(flat.rgb, (std::vector<std::uint8_t>{133, 81, 54, 126, 79, 55}));
  // saturation 0.75 * 0.3 = 0.225; a grey pixel stays grey.
  const Image pale = corrupt(image, "saturate", 1, Profile::ImageNet, 0);
  EXPECT_EQ(pale.rgb, (std::vector<std::uint8_t>{200, 170, 155, 60, 60, 60}));
}

TEST(Corrupt, SeedsOfPicturesDiffer) {
  std::set<std::uint64_t> seeds;
  for (std::int64_t id = 0; id < 1000; ++id) {
    seeds.insert(image_seed(0, id));
    seeds.insert(image_seed(1, id));
  }
  EXPECT_EQ(seeds.size(), 2000U);
}

TEST(Corrupt, ProfileGoesByTheShortSide) {
  EXPECT_EQ(choose_profile(Image(63, 500)), Profile::Cifar);
  EXPECT_EQ(choose_profile(Image(64, 64)), Profile::ImageNet);
}

TEST(Corrupt, RefusesBadArguments) {
  const Image image = make_flat(8, 1);
  EXPECT_THROW(corrupt(image, "fog", 0, Profile::Cifar, 0), Error);
  EXPECT_THROW(corrupt(image, "fog", 6, Profile::Cifar, 0), Error);
  EXPECT_THROW(corrupt(Image{}, "fog", 1, Profile::Cifar, 0), Error);
  try {
    corrupt(image, "frog", 1, Profile::Cifar, 0);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("elastic_transform"), std::string::npos);
  }
}

}  // namespace
}  // namespace zoa
