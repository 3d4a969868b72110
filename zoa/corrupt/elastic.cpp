// SPDX-License-Identifier: Apache-2.0
// elastic_transform: a random affine map, then a smooth random displacement of every pixel.
#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kCorners = 1;
constexpr std::uint32_t kShiftX = 2;
constexpr std::uint32_t kShiftY = 3;

// In sides of the picture: the released numbers are multiples of 244 (for 224) and of 32.
struct Elastic {
  double shift;
  double sigma;
  double affine;
};

double uniform_pm(const Rng& rng, std::uint64_t index, double reach) {
  return (2.0 * rng.uniform(index) - 1.0) * reach;
}

cv::Mat make_affine(const Image& image, double reach, const Rng& rng) {
  const auto x = static_cast<float>(image.width >> 1);
  const auto y = static_cast<float>(image.height >> 1);
  const auto side = static_cast<float>(std::max(std::min(image.width, image.height) / 3, 1));
  const std::array<cv::Point2f, 3> from{
      {{x + side, y + side}, {x + side, y - side}, {x - side, y - side}}};
  std::array<cv::Point2f, 3> to = from;
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i].x += static_cast<float>(uniform_pm(rng, 2 * i, reach));
    to[i].y += static_cast<float>(uniform_pm(rng, 2 * i + 1, reach));
  }
  return cv::getAffineTransform(from.data(), to.data());
}

// Where each pixel reads from: its own place plus smoothed noise.
cv::Mat make_map(const Image& image, const Elastic& level, const Rng& rng, bool is_x) {
  cv::Mat map(image.height, image.width, CV_32F);
  std::uint64_t drawn = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      map.at<float>(y, x) = static_cast<float>(uniform_pm(rng, drawn++, 1.0));
    }
  }
  const int radius = static_cast<int>(3.0 * level.sigma + 0.5);
  if (radius > 0) {
    cv::GaussianBlur(map, map, cv::Size(2 * radius + 1, 2 * radius + 1), level.sigma, level.sigma,
                     cv::BORDER_REFLECT);
  }
  map *= level.shift;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      map.at<float>(y, x) += static_cast<float>(is_x ? x : y);
    }
  }
  return map;
}

}  // namespace

Image elastic_transform(const Image& image, const Setting& setting) {
  Elastic level = setting.pick<Elastic>(
      {{{2, .7, .1}, {2, .08, .2}, {.05, .01, .02}, {.07, .01, .02}, {.12, .01, .02}}},
      {{{0, 0, .08}, {.05, .2, .07}, {.08, .06, .06}, {.1, .04, .05}, {.1, .03, .03}}});
  const double unit = std::min(image.width, image.height) *
                      (setting.profile == Profile::ImageNet ? 244.0 / 224.0 : 1.0);
  level = {level.shift * unit, level.sigma * unit, level.affine * unit};
  Field field = to_field(image);
  const cv::Mat in(image.height, image.width, CV_32FC3, field.values.data());
  cv::Mat turned;
  cv::warpAffine(in, turned, make_affine(image, level.affine, setting.rng(kCorners)), in.size(),
                 cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
  Field result(image.width, image.height, 3);
  cv::Mat out(image.height, image.width, CV_32FC3, result.values.data());
  cv::remap(turned, out, make_map(image, level, setting.rng(kShiftX), true),
            make_map(image, level, setting.rng(kShiftY), false), cv::INTER_LINEAR,
            cv::BORDER_REFLECT);
  return to_image(result);
}

}  // namespace zoa::detail
