// SPDX-License-Identifier: Apache-2.0
// Plasma fractal for fog and frost: diamond-square on a torus whose side is a power of two.
#include <algorithm>
#include <bit>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

class Plasma {
 public:
  Plasma(std::size_t side, double decay, const Rng& rng)
      : side_(side), decay_(decay), rng_(rng), map_(side * side) {}

  void fill() {
    double wibble = 100.0;  // the released scripts' start; it enters squared
    for (std::size_t step = side_; step >= 2; step /= 2, wibble /= decay_) {
      const std::size_t half = step / 2;
      amplitude_ = wibble * wibble;
      for (std::size_t y = half; y < side_; y += step) {
        for (std::size_t x = half; x < side_; x += step) {
          set(x, y,
              at(x - half, y - half) + at(x + half, y - half) + at(x - half, y + half) +
                  at(x + half, y + half));
        }
      }
      fill_diamonds(half, 0, half);
      fill_diamonds(0, half, half);
    }
  }

  double at(std::size_t x, std::size_t y) const {  // side_ is a power of two
    return map_[(y & (side_ - 1)) * side_ + (x & (side_ - 1))];
  }

  std::vector<double>& map() { return map_; }

 private:
  void set(std::size_t x, std::size_t y, double sum) {
    map_[y * side_ + x] = sum / 4 + amplitude_ * (2 * rng_.uniform(drawn_++) - 1);
  }

  void fill_diamonds(std::size_t first_x, std::size_t first_y, std::size_t half) {
    for (std::size_t y = first_y; y < side_; y += 2 * half) {
      for (std::size_t x = first_x; x < side_; x += 2 * half) {
        set(x, y, at(x - half, y) + at(x + half, y) + at(x, y - half) + at(x, y + half));
      }
    }
  }

  std::size_t side_;
  double decay_;
  Rng rng_;
  std::vector<double> map_;
  double amplitude_ = 0;
  std::uint64_t drawn_ = 0;
};

}  // namespace

Field make_plasma(int width, int height, double decay, const Rng& rng) {
  const auto side = std::bit_ceil(static_cast<std::size_t>(std::max({width, height, 2})));
  Plasma plasma(side, decay, rng);
  plasma.fill();
  const auto [least, most] = std::minmax_element(plasma.map().begin(), plasma.map().end());
  const double low = *least;
  const double range = std::max(*most - low, 1e-9);
  Field field(width, height, 1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = plasma.at(static_cast<std::size_t>(x), static_cast<std::size_t>(y));
      field.values[field.at(x, y)] = static_cast<float>((value - low) / range);
    }
  }
  return field;
}

}  // namespace zoa::detail
