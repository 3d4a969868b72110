// SPDX-License-Identifier: Apache-2.0
// cifar10-c:DIR and cifar100-c:DIR - NAME.npy with five blocks of rows, one per severity.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "zoa/core/error.h"
#include "zoa/data/npy.h"
#include "zoa/data/set_store.h"
#include "zoa/data/severity.h"
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
        severities_(options.severities),
        blocks_(severities_of(path_)),
        classes_(load_class_names(options.labels)) {
    const std::vector<std::string> arrays = list_arrays(path_);
    if (arrays.empty()) {
      fail(ErrorCode::BadFile, path_, ": no NAME.npy (", describe_content(path_),
           "), expected the files of CIFAR-10-C");
    }
    domains_ = cross_severities(arrays, severities_);
    for (const int severity : severities_) {
      block_of(severity);  // is it there?
    }
    load_labels();
    find_size(arrays.front());
    for (const CorruptionDomain& domain : domains_) {
      names_.push_back(domain.name);
      check_array(domain.corruption);
    }
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return names_; }
  std::size_t size(std::size_t /*domain*/) const override { return rows_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(std::size_t domain, std::size_t index) const override {
    check_index(index);
    return labels_[first_row(domains_.at(domain).severity) + index];
  }

  Image image(std::size_t domain, std::size_t index) const override {
    check_index(index);
    const CorruptionDomain& source = domains_.at(domain);
    const PixelCache::Pixels pixels = cache_.get(domain, [&] {
      return load_npy_rows(file_of(source.corruption), first_row(source.severity), rows_).bytes;
    });
    return cut_image(*pixels, index, width_, height_, 3);
  }

  std::uint64_t hash() const override {
    ContentHash hash;
    for (const std::string& name : names_) {
      hash.add(name);
    }
    for (const int severity : severities_) {
      hash.add(first_row(severity));
      for (std::size_t i = 0; i < rows_; ++i) {
        hash.add(static_cast<std::uint64_t>(labels_[first_row(severity) + i]));
      }
    }
    return hash.value();
  }

 private:
  std::string file_of(const std::string& name) const { return path_ + "/" + name + ".npy"; }
  // Of a severity's block.
  std::size_t first_row(int severity) const { return block_of(severity) * rows_; }

  std::size_t block_of(int severity) const {
    const auto found = std::find(blocks_.begin(), blocks_.end(), severity);
    if (found == blocks_.end()) {
      fail(ErrorCode::InvalidArgument, path_, ": no severity ", severity, "; manifest.json names ",
           severities_text(blocks_));
    }
    return static_cast<std::size_t>(found - blocks_.begin());
  }

  // 32 x 32 as published; arrays of 'zoa corrupt' may hold other pictures.
  void find_size(const std::string& array) {
    constexpr std::size_t kMost = 65536;
    const NpyHeader header = load_npy_header(file_of(array));
    if (header.shape.size() != 4 || header.shape[1] - 1 >= kMost || header.shape[2] - 1 >= kMost) {
      fail(ErrorCode::BadFile, file_of(array), ": expected shape (rows,H,W,3)");
    }
    height_ = static_cast<int>(header.shape[1]);
    width_ = static_cast<int>(header.shape[2]);
  }

  void check_index(std::size_t index) const {
    if (index >= rows_) {
      fail(ErrorCode::InvalidArgument, spec_, ": picture ", index, " of ", rows_);
    }
  }

  void load_labels() {
    const std::vector<std::int64_t> all = load_npy(file_of("labels")).as_i64();
    if (all.empty() || all.size() % blocks_.size() != 0) {
      fail(ErrorCode::BadFile, file_of("labels"), ": ", all.size(), " labels, expected ",
           blocks_.size(), " blocks of one size");
    }
    rows_ = all.size() / blocks_.size();
    labels_.reserve(all.size());
    for (const std::int64_t label : all) {
      if (label < 0 || label > 1'000'000) {
        fail(ErrorCode::BadFile, file_of("labels"), ": label ", label, ", expected 0 and up");
      }
      labels_.push_back(static_cast<int>(label));
    }
    check_labels(labels_, classes_, file_of("labels"));
  }

  void check_array(const std::string& name) const {
    const NpyHeader header = load_npy_header(file_of(name));
    const std::vector<std::size_t> expected{labels_.size(), static_cast<std::size_t>(height_),
                                            static_cast<std::size_t>(width_), 3};
    if (header.type != NpyType::U8 || header.shape != expected) {
      fail(ErrorCode::BadFile, file_of(name), ": expected uint8 of shape (", expected[0], ',',
           height_, ',', width_, ",3)");
    }
  }

  std::string spec_;
  std::string path_;
  std::vector<int> severities_;  // asked for
  std::vector<int> blocks_;      // severities of the blocks, in their order
  std::vector<std::string> classes_;
  std::vector<CorruptionDomain> domains_;
  std::vector<std::string> names_;
  int width_ = 0;
  int height_ = 0;
  std::size_t rows_ = 0;     // of one severity
  std::vector<int> labels_;  // of all blocks
  mutable PixelCache cache_;
};

}  // namespace

std::unique_ptr<Dataset> make_cifar_c(const std::string& spec,
                                      const std::string& path,
                                      const DatasetOptions& options) {
  return std::make_unique<CifarCDataset>(spec, path, options);
}

}  // namespace zoa::detail
