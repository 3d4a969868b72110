// SPDX-License-Identifier: Apache-2.0
// npz:FILE - one uint8 array of pictures per domain; read when its domain is asked for.
#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/data/npy.h"
#include "zoa/data/sources.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMaxSide = 65535;

struct Block {
  std::size_t rows = 0;
  int width = 0;
  int height = 0;
  int channels = 0;
  std::uint32_t crc = 0;
};

Block block_of(const NpzEntry& entry, const std::string& path) {
  const auto& shape = entry.header.shape;
  const std::size_t channels = shape.size() == 4 ? shape[3] : 1;  // (N,H,W) is gray
  const bool is_pictures = entry.header.type == NpyType::U8 &&
                           (shape.size() == 3 || shape.size() == 4) &&
                           (channels == 1 || channels == 3) && shape[1] > 0 && shape[2] > 0 &&
                           shape[1] <= kMaxSide && shape[2] <= kMaxSide;
  if (!is_pictures) {
    fail(ErrorCode::BadFile, path, "[", entry.name, "]: array of ", to_string(entry.header.type),
         " with ", shape.size(), " axes, expected uint8 pictures (N,H,W,3), or the name labels");
  }
  return {shape[0], static_cast<int>(shape[2]), static_cast<int>(shape[1]),
          static_cast<int>(channels), entry.crc};
}

std::vector<int> load_labels(const NpzFile& file, const std::string& path) {
  std::vector<int> labels;
  if (!file.has("labels")) {
    return labels;
  }
  const NpyArray array = file.load("labels");
  const bool is_whole = array.header.type == NpyType::U8 || array.header.type == NpyType::I32 ||
                        array.header.type == NpyType::I64;
  if (!is_whole || array.header.shape.size() != 1) {
    fail(ErrorCode::BadFile, path, "[labels]: expected one axis of whole numbers");
  }
  for (const std::int64_t value : array.as_i64()) {
    if (value < -1 || value > 10'000'000) {
      fail(ErrorCode::BadFile, path, "[labels]: label ", value, ", expected 0 and up");
    }
    labels.push_back(static_cast<int>(value));
  }
  return labels;
}

class NpzDataset : public Dataset {
 public:
  NpzDataset(std::string spec, const std::string& path, std::vector<std::string> classes)
      : spec_(std::move(spec)), file_(path), classes_(std::move(classes)) {
    labels_ = load_labels(file_, path);
    check_labels(labels_, classes_, path);
    for (const NpzEntry& entry : file_.entries()) {
      if (entry.name != "labels") {
        domains_.push_back(entry.name);
      }
    }
    domains_ = published_order(domains_);
    if (domains_.empty()) {
      fail(ErrorCode::BadFile, path, ": no array of pictures");
    }
    for (const std::string& name : domains_) {
      const auto& list = file_.entries();
      blocks_.push_back(
          block_of(*std::find_if(list.begin(), list.end(),
                                 [&](const auto& entry) { return entry.name == name; }),
                   path));
    }
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t domain) const override { return blocks_.at(domain).rows; }
  const std::vector<std::string>& classes() const override { return classes_; }

  Image image(std::size_t domain, std::size_t index) const override {
    const Block& block = blocks_.at(domain);
    if (index >= block.rows) {
      fail(ErrorCode::InvalidArgument, spec_, ": picture ", index, " of ", block.rows);
    }
    const PixelCache::Pixels pixels =
        cache_.get(domain, [&] { return file_.load(domains_[domain]).bytes; });
    return cut_image(*pixels, index, block.width, block.height, block.channels);
  }

  int label(std::size_t domain, std::size_t index) const override {
    const bool is_known = domains_.at(domain) != "calib" && index < labels_.size();
    return is_known ? labels_[index] : -1;
  }

  std::uint64_t hash() const override {
    ContentHash hash;
    for (std::size_t i = 0; i < domains_.size(); ++i) {
      hash.add(domains_[i]);
      hash.add(blocks_[i].rows);
      hash.add(blocks_[i].crc);
    }
    for (const int label : labels_) {
      hash.add(static_cast<std::uint64_t>(label));
    }
    return hash.value();
  }

 private:
  std::string spec_;
  NpzFile file_;
  std::vector<std::string> classes_;
  std::vector<std::string> domains_;
  std::vector<Block> blocks_;
  std::vector<int> labels_;
  mutable PixelCache cache_;
};

}  // namespace

std::unique_ptr<Dataset> make_npz(const std::string& spec,
                                  const std::string& path,
                                  const DatasetOptions& options) {
  return std::make_unique<NpzDataset>(spec, path, load_class_names(options.labels));
}

}  // namespace zoa::detail
