// SPDX-License-Identifier: Apache-2.0
// snow and fog.
#include <algorithm>
#include <cmath>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kFlakes = 1;
constexpr std::uint32_t kAngle = 2;
constexpr std::uint32_t kPlasma = 3;

struct SnowLevel {
  float mean;
  float sigma;
  double zoom;
  float threshold;
  double radius;
  double trail;
  float keep;
};
struct FogLevel {
  float thickness;
  double decay;
};

Field make_flakes(const Image& image, const SnowLevel& level, const Setting& setting) {
  Field flakes(image.width, image.height, 1);
  const Rng rng = setting.rng(kFlakes);
  for (std::size_t i = 0; i < flakes.values.size(); ++i) {
    flakes.values[i] = level.mean + level.sigma * static_cast<float>(rng.normal(i));
  }
  flakes = zoom_center(flakes, level.zoom);
  for (float& value : flakes.values) {
    value = value < level.threshold ? 0.F : value;
  }
  floor_values(flakes);  // the released scripts blurred the flakes as a picture of bytes
  const double angle = -135.0 + 90.0 * setting.rng(kAngle).uniform(0);
  flakes = blur_motion(flakes, level.radius, level.trail, angle);
  floor_values(flakes);
  return flakes;
}

}  // namespace

Image snow(const Image& image, const Setting& setting) {
  const SnowLevel level = setting.pick<SnowLevel>({{{.1F, .3F, 3, .5F, 10, 4, .8F},
                                                    {.2F, .3F, 2, .5F, 12, 4, .7F},
                                                    {.55F, .3F, 4, .9F, 12, 8, .7F},
                                                    {.55F, .3F, 4.5, .85F, 12, 8, .65F},
                                                    {.55F, .3F, 2.5, .85F, 12, 12, .55F}}},
                                                  {{{.1F, .2F, 1, .6F, 8, 3, .95F},
                                                    {.1F, .2F, 1, .5F, 10, 4, .9F},
                                                    {.15F, .3F, 1.75, .55F, 10, 4, .9F},
                                                    {.25F, .3F, 2.25, .6F, 12, 6, .85F},
                                                    {.3F, .3F, 1.25, .65F, 14, 12, .8F}}});
  const Field flakes = make_flakes(image, level, setting);
  Field field = to_field(image);
  const std::size_t pixels = flakes.values.size();
  for (std::size_t i = 0; i < pixels; ++i) {
    float* rgb = &field.values[3 * i];
    const float grey = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];
    // Flakes twice: as drawn, and turned by 180 degrees.
    const float fallen = flakes.values[i] + flakes.values[pixels - 1 - i];
    for (std::size_t c = 0; c < 3; ++c) {
      const float whitened = std::max(rgb[c], grey * 1.5F + 0.5F);
      rgb[c] = level.keep * rgb[c] + (1.F - level.keep) * whitened + fallen;
    }
  }
  return to_image(field);
}

Image fog(const Image& image, const Setting& setting) {
  const FogLevel level =
      setting.pick<FogLevel>({{{1.5F, 2}, {2.F, 2}, {2.5F, 1.7}, {2.5F, 1.5}, {3.F, 1.4}}},
                             {{{.2F, 3}, {.5F, 3}, {.75F, 2.5}, {1.F, 2}, {1.5F, 1.75}}});
  Field field = to_field(image);
  const Field plasma = make_plasma(image.width, image.height, level.decay, setting.rng(kPlasma));
  const float brightest = *std::max_element(field.values.begin(), field.values.end());
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const float sum = field.values[i] + level.thickness * plasma.values[i / 3];
    field.values[i] = sum * brightest / (brightest + level.thickness);
  }
  return to_image(field);
}

}  // namespace zoa::detail
