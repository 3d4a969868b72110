// SPDX-License-Identifier: Apache-2.0
// Pictures for the tests of this folder, and a small network of random weights that takes them.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "zoa/core/rng.h"
#include "zoa/data/dataset.h"
#include "zoa/model/model.h"

namespace zoa {

// Striped and smooth pictures; labels, if any, are given.
class Pictures : public Dataset {
 public:
  static constexpr std::size_t kImages = 72;  // more than the ranking reads, no multiple of a batch
  static constexpr int kSide = 16;

  explicit Pictures(std::vector<int> labels = {}) : labels_(std::move(labels)) {}

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return kImages; }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return labels_.empty() ? -1 : labels_[index];
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::uint64_t hash() const override { return 11; }
  Image image(std::size_t /*domain*/, std::size_t index) const override {
    const Rng rng(5, index);
    Image picture(kSide, kSide);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const double wave = std::sin(x * rng.uniform(0)) * std::cos(y * rng.uniform(1));
        const auto value = static_cast<std::uint8_t>(127.5 + 120.0 * wave * rng.uniform(2));
        std::memset(&picture.rgb[static_cast<std::size_t>(y * kSide + x) * 3], value, 3);
      }
    }
    return picture;
  }

 private:
  std::vector<int> labels_;
  std::string spec_ = "pictures";
  std::vector<std::string> domains_{"pictures"};
  std::vector<std::string> classes_;
};

inline PreprocessSpec pictures_preset() {
  return preset("imagenet", Pictures::kSide, Pictures::kSide);
}

inline Model load_pictures_network() {
  return Model::from_file(
      std::filesystem::path(ZOA_SOURCE_DIR) / "tests/data/models/resnet-folded.onnx",
      pictures_preset());
}

}  // namespace zoa
