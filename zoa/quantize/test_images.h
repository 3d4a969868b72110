// SPDX-License-Identifier: Apache-2.0
// Random pictures for the tests that calibrate: no files needed. Only tests include it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/data/dataset.h"

namespace zoa::test {

class RandomImages : public Dataset {
 public:
  RandomImages(std::size_t count, int side, std::uint64_t seed = 1)
      : count_(count), side_(side), seed_(seed) {}

  /// Class of each; without, all are unknown.
  void set_labels(std::vector<int> labels) { labels_ = std::move(labels); }

  /// These cannot be decoded.
  void spoil(std::vector<std::size_t> bad) { bad_ = std::move(bad); }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return count_; }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return labels_.empty() ? -1 : labels_[index];
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::uint64_t hash() const override { return mix_seed(seed_, count_); }

  /// Waves of random direction and colour with noise on them.
  Image image(std::size_t /*domain*/, std::size_t index) const override {
    for (const std::size_t bad : bad_) {
      if (bad == index) {
        fail(ErrorCode::BadFile, "random:", index, ": spoilt");
      }
    }
    const Rng rng(seed_, index);
    Image picture(side_, side_);
    for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
      const auto place = static_cast<double>(i / 3);
      const double x = std::fmod(place, side_);
      const double y = std::floor(place / side_);
      const double wave =
          std::sin(2 * x * rng.uniform(0) + 2 * y * rng.uniform(1) + rng.normal(i % 3));
      const double value = 128 + 90 * wave * rng.uniform(2) + 25 * rng.normal(10 + i);
      picture.rgb[i] = static_cast<std::uint8_t>(std::min(std::max(value, 0.0), 255.0));
    }
    return picture;
  }

 private:
  std::size_t count_;
  int side_;
  std::uint64_t seed_;
  std::vector<int> labels_;
  std::vector<std::size_t> bad_;
  std::string spec_ = "random";
  std::vector<std::string> domains_{"random"};
  std::vector<std::string> classes_;
};

}  // namespace zoa::test
