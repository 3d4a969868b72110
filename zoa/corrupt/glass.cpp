// SPDX-License-Identifier: Apache-2.0
// glass_blur: neighbouring pixels change places between two light blurs.
#include <algorithm>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

constexpr std::uint32_t kShift = 1;

struct Glass {
  double sigma;
  int reach;
  int rounds;
};

// Differs from the paper's "swap": the released script's swap of numpy views only copies the far
// pixel here, and the published pictures were made so.
void shuffle_pixels(Image& image, const Glass& glass, const Rng& rng) {
  std::uint64_t drawn = 0;
  const auto shift = [&] {  // uniform in -reach .. reach - 1
    return static_cast<int>(rng.uniform(drawn++) * 2 * glass.reach) - glass.reach;
  };
  for (int round = 0; round < glass.rounds; ++round) {
    for (int y = image.height - glass.reach; y > glass.reach; --y) {
      for (int x = image.width - glass.reach; x > glass.reach; --x) {
        const int from_x = x + shift();
        const int from_y = y + shift();
        const auto from = (static_cast<std::ptrdiff_t>(from_y) * image.width + from_x) * 3;
        const auto to = (static_cast<std::ptrdiff_t>(y) * image.width + x) * 3;
        if (from != to) {
          std::copy_n(image.rgb.begin() + from, 3, image.rgb.begin() + to);
        }
      }
    }
  }
}

}  // namespace

Image glass_blur(const Image& image, const Setting& setting) {
  const Glass glass =
      setting.pick<Glass>({{{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}}},
                          {{{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}}});
  Image shuffled = to_image(blur_gaussian(to_field(image), glass.sigma));
  shuffle_pixels(shuffled, glass, setting.rng(kShift));
  return to_image(blur_gaussian(to_field(shuffled), glass.sigma));
}

}  // namespace zoa::detail
