// SPDX-License-Identifier: Apache-2.0
// The corruptions as table.cpp lists them, and what they share. Private to zoa/corrupt.
// Parameters: the released make_imagenet_c.py and make_cifar_c.py of Hendrycks and Dietterich.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "zoa/core/rng.h"
#include "zoa/corrupt/corrupt.h"

namespace zoa::detail {

struct Setting {
  std::size_t level = 0;  ///< severity - 1
  Profile profile = Profile::ImageNet;
  std::uint64_t seed = 0;  ///< of this picture, corruption and severity

  /// A stream of random numbers; each purpose is independent of the others.
  Rng rng(std::uint32_t purpose) const { return {seed, 0, purpose}; }

  /// The parameters of this severity.
  template <class T>
  const T& pick(const std::array<T, 5>& imagenet, const std::array<T, 5>& cifar) const {
    return profile == Profile::ImageNet ? imagenet[level] : cifar[level];
  }
};

/// Values in 0..1; channels side by side.
struct Field {
  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<float> values;  ///< (height, width, channels)

  Field(int w, int h, int c)
      : width(w),
        height(h),
        channels(c),
        values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) *
               static_cast<std::size_t>(c)) {}
  std::size_t at(int x, int y, int c = 0) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(c);
  }
};

Field to_field(const Image& image);

/// Clips to 0..1 and rounds down, as the released sets were written.
Image to_image(const Field& field);

/// Rounds values of 0..1 down to multiples of 1/255, as a picture of bytes in between does.
void floor_values(Field& field);

/// Gaussian blur with repeated edges, cut off at `truncate` sigmas; sigma 0 = a copy.
Field blur_gaussian(const Field& field, double sigma, double truncate = 4.0);

/// The middle 1/zoom of the picture, enlarged to its size, linear.
Field zoom_center(const Field& field, double zoom);

/// A one-sided Gaussian trail of 2 * radius + 1 pixels along `angle` (degrees), edges repeated.
Field blur_motion(const Field& field, double radius, double sigma, double angle);

/// Plasma fractal (diamond-square, wrapping around) scaled to 0..1, cut to width x height.
/// decay  how much finer steps are damped, over 1
Field make_plasma(int width, int height, double decay, const Rng& rng);

Image gaussian_noise(const Image& image, const Setting& setting);
Image shot_noise(const Image& image, const Setting& setting);
Image impulse_noise(const Image& image, const Setting& setting);
Image speckle_noise(const Image& image, const Setting& setting);
Image defocus_blur(const Image& image, const Setting& setting);
Image glass_blur(const Image& image, const Setting& setting);
Image motion_blur(const Image& image, const Setting& setting);
Image zoom_blur(const Image& image, const Setting& setting);
Image gaussian_blur(const Image& image, const Setting& setting);
Image snow(const Image& image, const Setting& setting);
Image frost(const Image& image, const Setting& setting);
Image fog(const Image& image, const Setting& setting);
Image spatter(const Image& image, const Setting& setting);
Image brightness(const Image& image, const Setting& setting);
Image contrast(const Image& image, const Setting& setting);
Image saturate(const Image& image, const Setting& setting);
Image elastic_transform(const Image& image, const Setting& setting);
Image pixelate(const Image& image, const Setting& setting);
Image jpeg_compression(const Image& image, const Setting& setting);

}  // namespace zoa::detail
