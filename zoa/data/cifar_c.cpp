// SPDX-License-Identifier: Apache-2.0
// cifar10-c:DIR and cifar100-c:DIR - NAME.npy with five blocks of rows, one per severity.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "zoa/core/error.h"
#include "zoa/data/npy.h"
#include "zoa/data/set_store.h"
#include "zoa/data/sources.h"

namespace zoa::detail {
namespace {

std::vector<std::string> list_arrays(const std::string& path) {
  std::error_code code;
  std::vector<std::string> names;
  namespace fs = std::filesystem;
  for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    if (it->path().extension() == ".npy" && it->path().stem() != "labels") {
      names.push_back(it->path().stem().string());
    }
  }
  if (code) {
    fail(ErrorCode::Io, path, ": cannot be listed: ", code.message());
  }
  std::sort(names.begin(), names.end());
  return published_order(names);
}

class CifarCDataset : public Dataset {
 public:
  CifarCDataset(std::string spec, std::string path, const DatasetOptions& options)
      : spec_(std::move(spec)),
        path_(std::move(path)),
        classes_(load_class_names(options.labels)),
        domains_(list_arrays(path_)),
        severities_(severities_of(path_)) {
    check_severity(options.severity);
    if (domains_.empty()) {
      fail(ErrorCode::BadFile, path_, ": no NAME.npy, expected the files of CIFAR-10-C");
    }
    load_labels(block_of(options.severity));
    find_size();
    for (const std::string& name : domains_) {
      check_array(name);
    }
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return labels_.size(); }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(std::size_t /*domain*/, std::size_t index) const override { return labels_.at(index); }

  Image image(std::size_t domain, std::size_t index) const override {
    if (index >= labels_.size()) {
      fail(ErrorCode::InvalidArgument, spec_, ": picture ", index, " of ", labels_.size());
    }
    const PixelCache::Pixels pixels = cache_.get(domain, [&] {
      return load_npy_rows(file_of(domains_.at(domain)), first_, labels_.size()).bytes;
    });
    return cut_image(*pixels, index, width_, height_, 3);
  }

  std::uint64_t hash() const override {
    ContentHash hash;
    for (const std::string& name : domains_) {
      hash.add(name);
    }
    hash.add(first_);
    for (const int label : labels_) {
      hash.add(static_cast<std::uint64_t>(label));
    }
    return hash.value();
  }

 private:
  std::string file_of(const std::string& name) const { return path_ + "/" + name + ".npy"; }

  std::size_t block_of(int severity) const {
    const auto found = std::find(severities_.begin(), severities_.end(), severity);
    if (found == severities_.end()) {
      fail(ErrorCode::InvalidArgument, path_, ": no severity ", severity, "; manifest.json names ",
           severities_.size(), ", from ", severities_.front(), " to ", severities_.back());
    }
    return static_cast<std::size_t>(found - severities_.begin());
  }

  // 32 x 32 as published; arrays of 'zoa corrupt' may hold other pictures.
  void find_size() {
    constexpr std::size_t kMost = 65536;
    const NpyHeader header = load_npy_header(file_of(domains_.front()));
    if (header.shape.size() != 4 || header.shape[1] - 1 >= kMost || header.shape[2] - 1 >= kMost) {
      fail(ErrorCode::BadFile, file_of(domains_.front()), ": expected shape (rows,H,W,3)");
    }
    height_ = static_cast<int>(header.shape[1]);
    width_ = static_cast<int>(header.shape[2]);
  }

  void load_labels(std::size_t block) {
    const std::vector<std::int64_t> all = load_npy(file_of("labels")).as_i64();
    if (all.empty() || all.size() % severities_.size() != 0) {
      fail(ErrorCode::BadFile, file_of("labels"), ": ", all.size(), " labels, expected ",
           severities_.size(), " blocks of one size");
    }
    const std::size_t rows = all.size() / severities_.size();
    first_ = block * rows;
    for (std::size_t i = first_; i < first_ + rows; ++i) {
      if (all[i] < 0 || all[i] > 1'000'000) {
        fail(ErrorCode::BadFile, file_of("labels"), ": label ", all[i], ", expected 0 and up");
      }
      labels_.push_back(static_cast<int>(all[i]));
    }
    check_labels(labels_, classes_, file_of("labels"));
  }

  void check_array(const std::string& name) const {
    const NpyHeader header = load_npy_header(file_of(name));
    const std::vector<std::size_t> expected{labels_.size() * severities_.size(),
                                            static_cast<std::size_t>(height_),
                                            static_cast<std::size_t>(width_), 3};
    if (header.type != NpyType::U8 || header.shape != expected) {
      fail(ErrorCode::BadFile, file_of(name), ": expected uint8 of shape (", expected[0], ',',
           height_, ',', width_, ",3)");
    }
  }

  std::string spec_;
  std::string path_;
  std::vector<std::string> classes_;
  std::vector<std::string> domains_;
  std::vector<int> severities_;  // of the blocks
  int width_ = 0;
  int height_ = 0;
  std::size_t first_ = 0;  // row of the severity's block
  std::vector<int> labels_;
  mutable PixelCache cache_;
};

}  // namespace

std::unique_ptr<Dataset> make_cifar_c(const std::string& spec,
                                      const std::string& path,
                                      const DatasetOptions& options) {
  return std::make_unique<CifarCDataset>(spec, path, options);
}

}  // namespace zoa::detail
