// SPDX-License-Identifier: Apache-2.0
// frost: ice in front of the picture.
// Differs: the released scripts mix in crops of five photographs of unknown licence. Here ice is
// made: noise of seven sizes with the brightness, contrast, tint, skew and spectrum that were
// measured on those photographs (docs/design/corruptions.md).
#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kPane = 1;
constexpr std::uint32_t kNoise = 8;  // and the next six

struct FrostLevel {
  float keep;
  float ice;
};

constexpr std::size_t kSizes = 7;
// Distance of the noise's grid points in pixels of a 224-pixel picture.
constexpr std::array<int, kSizes> kGrid{1, 3, 6, 12, 24, 48, 128};

// One of the photographs, in numbers.
struct Pane {
  std::array<float, 3> mean;           // 0..255, RGB
  float contrast;                      // standard deviation within a crop, 0..255
  float drift;                         // of the mean from crop to crop, 0..255
  std::array<float, kSizes> variance;  // share of each size; they sum up to 1
  float skew;                          // 1: long tail of bright values, -1: of dark ones, 0: none
  bool is_needled;                     // creases instead of clouds in the middle sizes
};

constexpr std::array<Pane, 5> kPanes{{
    {{75, 147, 164}, 15.5F, 7, {.27F, .06F, .04F, .07F, .09F, .13F, .34F}, .5F, false},
    {{199, 203, 212}, 20, 3, {.20F, .10F, .10F, .10F, .08F, .10F, .32F}, -1, true},
    {{199, 203, 212}, 20, 3, {.20F, .10F, .10F, .10F, .08F, .10F, .32F}, -1, true},
    {{145, 160, 173}, 27, 3, {.40F, .16F, .10F, .07F, .05F, .05F, .17F}, 0, true},
    {{101, 112, 124}, 35, 8, {.28F, .15F, .15F, .14F, .11F, .07F, .10F}, 1, true},
}};

// Adds noise of unit variance times `weight`: grid points apart, linear between them.
void add_noise(cv::Mat& sum, int grid, float weight, bool is_needled, const Rng& rng) {
  const int width = sum.cols / grid + 2;
  const int height = sum.rows / grid + 2;
  cv::Mat points(height, width, CV_32F);
  std::uint64_t drawn = 0;
  for (float* at = points.ptr<float>(); at != points.ptr<float>() + points.total(); ++at) {
    *at = static_cast<float>(rng.normal(drawn++));
  }
  cv::Mat noise = points;
  if (grid > 1) {
    cv::resize(points, noise, cv::Size(width * grid, height * grid), 0, 0, cv::INTER_CUBIC);
  }
  const int shift = grid / 2;
  noise = noise(cv::Rect(shift, shift, sum.cols, sum.rows)).clone();
  if (is_needled) {  // |noise| of a normal number: mean .798, deviation .603
    noise = (0.798 - cv::abs(noise)) / 0.603;
  }
  // Interpolation takes variance away between the grid points.
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(noise, mean, deviation);
  const double unit = grid > 1 && grid < 24 ? std::max(deviation[0], 0.1) : (grid > 1 ? 0.8 : 1.0);
  sum += noise * (weight / unit);
}

// Values 0..255 of the ice's colours: every stride-th pixel of a pane.
Field make_ice(int width, int height, int stride, const Setting& setting) {
  const Rng chance = setting.rng(kPane);
  const Pane& pane = kPanes[static_cast<std::size_t>(chance.uniform(0) * kPanes.size())];
  cv::Mat wide = cv::Mat::zeros(height * stride, width * stride, CV_32F);
  for (std::size_t i = 1; i < kSizes; ++i) {
    const bool is_needled = pane.is_needled && kGrid[i] <= 24;
    add_noise(wide, kGrid[i], std::sqrt(pane.variance[i]), is_needled,
              setting.rng(kNoise + static_cast<std::uint32_t>(i)));
  }
  cv::Mat sum;
  cv::resize(wide, sum, cv::Size(width, height), 0, 0, cv::INTER_NEAREST);
  add_noise(sum, kGrid[0], std::sqrt(pane.variance[0]), false, setting.rng(kNoise));
  const float drift = pane.drift * static_cast<float>(chance.normal(1));
  Field ice(width, height, 3);
  for (std::size_t i = 0; i < ice.values.size(); ++i) {
    const float mean = std::clamp(pane.mean[i % 3] + drift, 30.F, 225.F);
    const float unit = sum.ptr<float>()[i / 3];
    if (pane.skew == 0.F) {
      ice.values[i] = mean + pane.contrast * unit;
      continue;
    }
    // Log-normal above black or below white: mean and deviation as wanted.
    const float room = pane.skew > 0.F ? mean : 255.F - mean;
    const float spread = std::sqrt(std::log1p(pane.contrast * pane.contrast / (room * room)));
    const float value =
        room * std::exp(spread * (pane.skew > 0.F ? unit : -unit) - spread * spread / 2);
    ice.values[i] = pane.skew > 0.F ? value : 255.F - value;
  }
  for (float& value : ice.values) {
    value = std::clamp(value, 0.F, 255.F);
  }
  return ice;
}

}  // namespace

Image frost(const Image& image, const Setting& setting) {
  const FrostLevel level =
      setting.pick<FrostLevel>({{{1.F, .4F}, {.8F, .6F}, {.7F, .7F}, {.65F, .7F}, {.6F, .75F}}},
                               {{{1.F, .2F}, {1.F, .3F}, {.9F, .4F}, {.85F, .4F}, {.75F, .45F}}});
  // CIFAR-10-C took every fifth pixel of the photographs.
  const int stride = setting.profile == Profile::ImageNet ? 1 : 5;
  const Field ice = make_ice(image.width, image.height, stride, setting);
  Image result(image.width, image.height);
  for (std::size_t i = 0; i < result.rgb.size(); ++i) {
    const float value =
        level.keep * static_cast<float>(image.rgb[i]) + level.ice * std::floor(ice.values[i]);
    result.rgb[i] = static_cast<std::uint8_t>(std::min(value + 1e-3F, 255.F));
  }
  return result;
}

}  // namespace zoa::detail
