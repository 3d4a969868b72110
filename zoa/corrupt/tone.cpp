// SPDX-License-Identifier: Apache-2.0
// brightness, contrast, saturate: value and saturation of HSV changed without the detour over hue.
#include <algorithm>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

struct Saturation {
  float factor;
  float offset;
};

}  // namespace

Image brightness(const Image& image, const Setting& setting) {
  const float offset = setting.pick<float>({.1F, .2F, .3F, .4F, .5F}, {.05F, .1F, .15F, .2F, .3F});
  Field field = to_field(image);
  for (std::size_t i = 0; i < field.values.size(); i += 3) {
    float* rgb = &field.values[i];
    const float value = std::max({rgb[0], rgb[1], rgb[2]});
    const float raised = std::min(value + offset, 1.F);
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[c] = value > 0.F ? rgb[c] * (raised / value) : raised;
    }
  }
  return to_image(field);
}

Image contrast(const Image& image, const Setting& setting) {
  const float factor = setting.pick<float>({.4F, .3F, .2F, .1F, .05F}, {.75F, .5F, .4F, .3F, .15F});
  Field field = to_field(image);
  std::array<double, 3> sums{};
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    sums[i % 3] += field.values[i];
  }
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const auto mean =
        static_cast<float>(sums[i % 3] / (static_cast<double>(field.values.size()) / 3));
    field.values[i] = (field.values[i] - mean) * factor + mean;
  }
  return to_image(field);
}

Image saturate(const Image& image, const Setting& setting) {
  const Saturation level =
      setting.pick<Saturation>({{{.3F, 0.F}, {.1F, 0.F}, {2.F, 0.F}, {5.F, .1F}, {20.F, .2F}}},
                               {{{.3F, 0.F}, {.1F, 0.F}, {1.5F, 0.F}, {2.F, .1F}, {2.5F, .2F}}});
  Field field = to_field(image);
  for (std::size_t i = 0; i < field.values.size(); i += 3) {
    float* rgb = &field.values[i];
    const float value = std::max({rgb[0], rgb[1], rgb[2]});
    const float range = value - std::min({rgb[0], rgb[1], rgb[2]});
    const float old = range > 0.F ? range / value : 0.F;
    const float wanted = std::clamp(old * level.factor + level.offset, 0.F, 1.F);
    for (std::size_t c = 0; c < 3; ++c) {
      // A grey pixel has hue 0, so what is added to it is red.
      const float away = old > 0.F ? (value - rgb[c]) / old : (c == 0 ? 0.F : value);
      rgb[c] = value - away * wanted;
    }
  }
  return to_image(field);
}

}  // namespace zoa::detail
