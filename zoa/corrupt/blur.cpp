// SPDX-License-Identifier: Apache-2.0
// defocus_blur, motion_blur, zoom_blur, gaussian_blur.
#include <algorithm>
#include <cmath>
#include <functional>

#include <opencv2/imgproc.hpp>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kAngle = 1;

struct Disk {
  double radius;
  double alias_blur;
};
struct Trail {
  double radius;
  double sigma;
};
struct Zooms {
  double stop;
  double step;
};

// A disk softened at its rim; the frame around it is as wide as the released scripts make it.
cv::Mat make_disk(const Disk& disk) {
  const int reach = disk.radius <= 8 ? 8 : static_cast<int>(disk.radius);
  const int side = 2 * reach + 1;
  cv::Mat kernel(side, side, CV_32F);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const int distance = (x - reach) * (x - reach) + (y - reach) * (y - reach);
      kernel.at<float>(y, x) = distance <= disk.radius * disk.radius ? 1.F : 0.F;
    }
  }
  kernel /= cv::sum(kernel)[0];
  const int window = disk.radius <= 8 ? 3 : 5;
  cv::Mat soft;
  cv::GaussianBlur(kernel, soft, cv::Size(window, window), disk.alias_blur);
  return soft;
}

}  // namespace

Image defocus_blur(const Image& image, const Setting& setting) {
  const Disk disk = setting.pick<Disk>({{{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}}},
                                       {{{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}}});
  Field field = to_field(image);
  Field result(field.width, field.height, 3);
  const cv::Mat in(field.height, field.width, CV_32FC3, field.values.data());
  cv::Mat out(field.height, field.width, CV_32FC3, result.values.data());
  cv::filter2D(in, out, -1, make_disk(disk));
  return to_image(result);
}

Image motion_blur(const Image& image, const Setting& setting) {
  const Trail trail = setting.pick<Trail>({{{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}}},
                                          {{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}}});
  const double angle = -45.0 + 90.0 * setting.rng(kAngle).uniform(0);
  return to_image(blur_motion(to_field(image), trail.radius, trail.sigma, angle));
}

Image zoom_blur(const Image& image, const Setting& setting) {
  const Zooms zooms =
      setting.pick<Zooms>({{{1.11, .01}, {1.16, .01}, {1.21, .02}, {1.26, .02}, {1.31, .03}}},
                          {{{1.06, .01}, {1.11, .01}, {1.16, .01}, {1.21, .01}, {1.26, .01}}});
  // numpy.arange, to the last bit: a zoom of 1.12 more or less exact crops one pixel more or less.
  const auto count = static_cast<int>(std::ceil((zooms.stop - 1.0) / zooms.step));
  const double step = (1.0 + zooms.step) - 1.0;
  const Field field = to_field(image);
  Field sum = field;
  for (int i = 0; i < count; ++i) {
    const Field zoomed = zoom_center(field, 1.0 + i * step);
    std::transform(sum.values.begin(), sum.values.end(), zoomed.values.begin(), sum.values.begin(),
                   std::plus<>());
  }
  for (float& value : sum.values) {
    value /= static_cast<float>(count + 1);
  }
  return to_image(sum);
}

Image gaussian_blur(const Image& image, const Setting& setting) {
  const double sigma = setting.pick<double>({1, 2, 3, 4, 6}, {.4, .6, .7, .8, 1});
  return to_image(blur_gaussian(to_field(image), sigma));
}

}  // namespace zoa::detail

std::string zoa::opencv_version() {
  return cv::getVersionString();
}
