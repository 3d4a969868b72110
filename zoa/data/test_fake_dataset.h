// SPDX-License-Identifier: Apache-2.0
// A data set without files. Only tests include it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/data/dataset.h"

namespace zoa::test {

/// Picture i of every domain is one grey level, i; label i % classes, unknown if there are no
/// classes; the pictures in `bad` do not decode.
class FakeDataset : public Dataset {
 public:
  explicit FakeDataset(std::size_t count,
                       std::size_t domains = 1,
                       std::size_t classes = 3,
                       std::vector<std::size_t> bad = {})
      : count_(count), classes_(classes), bad_(std::move(bad)) {
    for (std::size_t i = 0; i < domains; ++i) {
      domains_.push_back("fake" + std::to_string(i));
    }
  }
  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return count_; }
  Image image(std::size_t /*domain*/, std::size_t index) const override {
    if (std::find(bad_.begin(), bad_.end(), index) != bad_.end()) {
      fail(ErrorCode::BadFile, "picture ", index, ": damaged");
    }
    Image image(3, 2);
    image.rgb.assign(image.rgb.size(), static_cast<std::uint8_t>(index));
    return image;
  }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return classes_ == 0 ? -1 : static_cast<int>(index % classes_);
  }
  const std::vector<std::string>& classes() const override { return names_; }
  std::uint64_t hash() const override { return 0; }

 private:
  std::string spec_ = "fake";
  std::vector<std::string> domains_;
  std::vector<std::string> names_;
  std::size_t count_;
  std::size_t classes_;
  std::vector<std::size_t> bad_;
};

}  // namespace zoa::test
