// SPDX-License-Identifier: Apache-2.0
// gaussian_noise, shot_noise, impulse_noise, speckle_noise: every value has random numbers of its
// own.
#include <algorithm>
#include <cmath>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kNormal = 1;
constexpr std::uint32_t kPoisson = 2;
constexpr std::uint32_t kFlip = 3;
constexpr std::uint32_t kSalt = 4;

// Cumulative Poisson distribution up to where the rest is below float precision. The largest mean
// is 500, so that exp(-mean) is far from underflow.
std::vector<double> cumulative_poisson(double mean) {
  const auto last = static_cast<int>(mean + 12.0 * std::sqrt(mean) + 20.0);
  std::vector<double> table;
  double part = std::exp(-mean);
  double sum = 0.0;
  for (int k = 0; k <= last; ++k) {
    sum += part;
    table.push_back(sum);
    part *= mean / (k + 1);
  }
  return table;
}

}  // namespace

Image gaussian_noise(const Image& image, const Setting& setting) {
  const float sigma =
      setting.pick<float>({.08F, .12F, .18F, .26F, .38F}, {.04F, .06F, .08F, .09F, .10F});
  const Rng rng = setting.rng(kNormal);
  Field field = to_field(image);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    field.values[i] += sigma * static_cast<float>(rng.normal(i));
  }
  return to_image(field);
}

Image speckle_noise(const Image& image, const Setting& setting) {
  const float sigma =
      setting.pick<float>({.15F, .2F, .35F, .45F, .6F}, {.06F, .1F, .12F, .16F, .2F});
  const Rng rng = setting.rng(kNormal);
  Field field = to_field(image);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    field.values[i] += field.values[i] * sigma * static_cast<float>(rng.normal(i));
  }
  return to_image(field);
}

Image shot_noise(const Image& image, const Setting& setting) {
  const double photons = setting.pick<double>({60, 25, 12, 5, 3}, {500, 250, 100, 75, 50});
  const Rng rng = setting.rng(kPoisson);
  std::array<std::vector<double>, 256> tables;  // one per grey level that occurs
  Image result(image.width, image.height);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    std::vector<double>& table = tables[image.rgb[i]];
    if (table.empty()) {
      table = cumulative_poisson(image.rgb[i] / 255.0 * photons);
    }
    const double draw = rng.bits(i) * 0x1p-32;
    const auto count = std::upper_bound(table.begin(), table.end(), draw) - table.begin();
    const double value = std::min(static_cast<double>(count) / photons, 1.0) * 255.0;
    result.rgb[i] = static_cast<std::uint8_t>(value);
  }
  return result;
}

Image impulse_noise(const Image& image, const Setting& setting) {
  const double amount = setting.pick<double>({.03, .06, .09, .17, .27}, {.01, .02, .03, .05, .07});
  const Rng flip = setting.rng(kFlip);
  const Rng salt = setting.rng(kSalt);
  Image result = image;
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    if (flip.uniform(i) < amount) {
      result.rgb[i] = salt.uniform(i) < 0.5 ? 255 : 0;
    }
  }
  return result;
}

}  // namespace zoa::detail
