// SPDX-License-Identifier: Apache-2.0
// spatter: drops of water (lower severities) or mud (higher ones) on the lens.
#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kLiquid = 1;

struct Spatter {
  float mean;
  float noise;
  double sigma;
  float threshold;
  float strength;  // of the water; for mud the sigma of its edge
  bool is_mud;
};

Field make_liquid(const Image& image, const Spatter& level, const Rng& rng) {
  Field liquid(image.width, image.height, 1);
  for (std::size_t i = 0; i < liquid.values.size(); ++i) {
    liquid.values[i] = level.mean + level.noise * static_cast<float>(rng.normal(i));
  }
  liquid = blur_gaussian(liquid, level.sigma);
  for (float& value : liquid.values) {
    value = value < level.threshold ? 0.F : value;
  }
  return liquid;
}

// To bytes rounding down, as a cast does; OpenCV's own conversion rounds to the nearest.
cv::Mat floor_bytes(const cv::Mat& plane, float scale) {
  cv::Mat bytes(plane.rows, plane.cols, CV_8U);
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      const float value = std::clamp(plane.at<float>(y, x) * scale, 0.F, 255.F);
      bytes.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(value);
    }
  }
  return bytes;
}

// Light and shade of the drops from the distance to their edges; 0..strength.
Field shade_water(Field liquid, float strength) {
  const cv::Mat plane(liquid.height, liquid.width, CV_32F, liquid.values.data());
  const cv::Mat drops = floor_bytes(plane, 255.F);
  cv::Mat edges;
  cv::Canny(drops, edges, 50, 150);
  cv::Mat distance;
  cv::distanceTransform(255 - edges, distance, cv::DIST_L2, 5);
  cv::threshold(distance, distance, 20, 20, cv::THRESH_TRUNC);
  cv::blur(distance, distance, cv::Size(3, 3));
  cv::Mat relief = floor_bytes(distance, 1.F);
  cv::equalizeHist(relief, relief);
  const cv::Mat kernel = (cv::Mat_<float>(3, 3) << -2, -1, 0, -1, 1, 1, 0, 1, 2);
  cv::filter2D(relief, relief, CV_8U, kernel);
  cv::blur(relief, relief, cv::Size(3, 3));
  Field shade(liquid.width, liquid.height, 1);
  float most = 0.F;
  for (int y = 0; y < liquid.height; ++y) {
    for (int x = 0; x < liquid.width; ++x) {
      const float value =
          static_cast<float>(drops.at<std::uint8_t>(y, x)) * relief.at<std::uint8_t>(y, x);
      shade.values[shade.at(x, y)] = value;
      most = std::max(most, value);
    }
  }
  for (float& value : shade.values) {
    value *= most > 0.F ? strength / most : 0.F;
  }
  return shade;
}

Field cover_mud(const Field& liquid, const Spatter& level) {
  Field mask = liquid;
  for (float& value : mask.values) {
    value = value > level.threshold ? 1.F : 0.F;
  }
  mask = blur_gaussian(mask, level.strength);
  for (float& value : mask.values) {
    value = value < 0.8F ? 0.F : value;
  }
  return mask;
}

}  // namespace

Image spatter(const Image& image, const Setting& setting) {
  const Spatter level = setting.pick<Spatter>({{{.65F, .3F, 4, .69F, .6F, false},
                                                {.65F, .3F, 3, .68F, .6F, false},
                                                {.65F, .3F, 2, .68F, .5F, false},
                                                {.65F, .3F, 1, .65F, 1.5F, true},
                                                {.67F, .4F, 1, .65F, 1.5F, true}}},
                                              {{{.62F, .1F, .7, .7F, .5F, false},
                                                {.65F, .1F, .8, .7F, .5F, false},
                                                {.65F, .3F, 1, .69F, .5F, false},
                                                {.65F, .1F, .7, .69F, .6F, true},
                                                {.65F, .1F, .5, .68F, .6F, true}}});
  constexpr std::array<float, 3> kWater{175 / 255.F, 238 / 255.F, 238 / 255.F};
  constexpr std::array<float, 3> kMud{63 / 255.F, 42 / 255.F, 20 / 255.F};
  const Field liquid = make_liquid(image, level, setting.rng(kLiquid));
  const Field mask = level.is_mud ? cover_mud(liquid, level) : shade_water(liquid, level.strength);
  Field field = to_field(image);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const float part = mask.values[i / 3];
    const float colour = level.is_mud ? kMud[i % 3] : kWater[i % 3];
    field.values[i] =
        (level.is_mud ? field.values[i] * (1.F - part) : field.values[i]) + colour * part;
  }
  return to_image(field);
}

}  // namespace zoa::detail
