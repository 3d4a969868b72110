// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/memory.h"

#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/data/sources.h"

namespace zoa {
namespace {

class MemoryDataset : public Dataset {
 public:
  MemoryDataset(std::vector<ImageView> pictures, std::vector<int> labels)
      : pictures_(std::move(pictures)), labels_(std::move(labels)) {}

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return pictures_.size(); }
  Image image(std::size_t /*domain*/, std::size_t index) const override {
    Image image;
    copy_image(pictures_.at(index), image);
    return image;
  }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return labels_.empty() ? -1 : labels_.at(index);
  }
  const std::vector<std::string>& classes() const override { return classes_; }

  // Of the pixels too: there are no names that could tell sets apart.
  std::uint64_t hash() const override {
    detail::ContentHash hash;
    Image image;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      copy_image(pictures_[i], image);
      hash.add(pictures_[i].width);
      hash.add(pictures_[i].height);
      hash.add(hash64(image.rgb));
      hash.add(static_cast<std::uint64_t>(label(0, i)));
    }
    return hash.value();
  }

 private:
  std::string spec_ = "memory";
  std::vector<std::string> domains_{"images"};
  std::vector<std::string> classes_;
  std::vector<ImageView> pictures_;
  std::vector<int> labels_;
};

}  // namespace

std::unique_ptr<Dataset> images_in_memory(std::vector<ImageView> pictures,
                                          std::vector<int> labels) {
  if (!labels.empty() && labels.size() != pictures.size()) {
    fail(ErrorCode::InvalidArgument, labels.size(), " labels for ", pictures.size(),
         " pictures; expected one for each, or none");
  }
  return std::make_unique<MemoryDataset>(std::move(pictures), std::move(labels));
}

}  // namespace zoa
