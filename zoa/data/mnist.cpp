// SPDX-License-Identifier: Apache-2.0
// mnist:DIR - the four idx files of MNIST and its kin (Fashion-MNIST and others), plain or .gz.
#include <algorithm>
#include <array>
#include <filesystem>

#include <zlib.h>

#include "zoa/core/error.h"
#include "zoa/data/sources.h"

namespace zoa::detail {
namespace {

constexpr std::uint64_t kMaxBytes = 1ULL << 30U;
constexpr std::size_t kPiece = 1U << 20U;

struct GzDeleter {
  void operator()(gzFile_s* file) const noexcept { gzclose(file); }
};

struct Idx {
  std::vector<std::size_t> shape;
  std::vector<std::uint8_t> bytes;
};

// Reads count bytes in pieces, so that a lying header takes no more memory than the file fills.
std::vector<std::uint8_t> read_exactly(gzFile file, std::size_t count, const std::string& path) {
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < count) {
    const std::size_t start = bytes.size();
    const std::size_t piece = std::min(kPiece, count - start);
    bytes.resize(start + piece);
    const int got = gzread(file, bytes.data() + start, static_cast<unsigned>(piece));
    if (got != static_cast<int>(piece)) {
      fail(ErrorCode::BadFile, path, ": ends after ",
           start + static_cast<std::size_t>(got < 0 ? 0 : got), " of ", count,
           " bytes; the file is truncated or damaged");
    }
  }
  return bytes;
}

// axes: 3 for pictures, 1 for labels; the magic number is 0, 0, 8 (uint8), axes.
Idx load_idx(const std::string& path, std::size_t axes) {
  const std::unique_ptr<gzFile_s, GzDeleter> file(gzopen(path.c_str(), "rb"));  // plain files too
  if (file == nullptr) {
    fail(ErrorCode::Io, path, ": cannot be read; check that it exists and its rights");
  }
  const std::vector<std::uint8_t> head = read_exactly(file.get(), 4 + 4 * axes, path);
  if (head[0] != 0 || head[1] != 0 || head[2] != 8 || head[3] != axes) {
    fail(ErrorCode::BadFile, path, ": not an idx file of bytes with ", axes, " axes");
  }
  Idx idx;
  std::uint64_t total = 1;
  for (std::size_t axis = 1; axis <= axes; ++axis) {
    std::size_t side = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      side = side * 256 + head[4 * axis + i];
    }
    if (side == 0 || total > kMaxBytes / side) {
      fail(ErrorCode::LimitExceeded, path, ": axis ", axis, " of ", side, ", limit is ", kMaxBytes,
           " bytes in all and none empty");
    }
    total *= side;
    idx.shape.push_back(side);
  }
  idx.bytes = read_exactly(file.get(), static_cast<std::size_t>(total), path);
  if (gzgetc(file.get()) != -1) {
    fail(ErrorCode::BadFile, path, ": more data than the header says");
  }
  return idx;
}

// The first spelling that exists; "" = none.
std::string find_file(const std::string& folder, const std::string& part, const char* kind) {
  for (const char* joint : {"-", "."}) {
    for (const char* tail : {"", ".gz"}) {
      const std::string path = folder + "/" + part + joint + kind + "-ubyte" + tail;
      if (std::filesystem::is_regular_file(path)) {
        return path;
      }
    }
  }
  return "";
}

struct Part {
  Idx images;
  std::vector<int> labels;
};

class MnistDataset : public Dataset {
 public:
  MnistDataset(std::string spec, const std::string& path, std::vector<std::string> classes)
      : spec_(std::move(spec)), classes_(std::move(classes)) {
    add_part(path, "train", "train");
    add_part(path, "t10k", "test");
    if (parts_.empty()) {
      fail(ErrorCode::BadFile, path,
           ": no train-images-idx3-ubyte or t10k-images-idx3-ubyte (plain or .gz)");
    }
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size(std::size_t domain) const override { return parts_.at(domain).labels.size(); }
  int label(std::size_t domain, std::size_t index) const override {
    return parts_.at(domain).labels.at(index);
  }
  Image image(std::size_t domain, std::size_t index) const override {
    const Idx& idx = parts_.at(domain).images;
    if (index >= idx.shape[0]) {
      fail(ErrorCode::InvalidArgument, spec_, ": picture ", index, " of ", idx.shape[0]);
    }
    return cut_image(idx.bytes, index, static_cast<int>(idx.shape[2]),
                     static_cast<int>(idx.shape[1]), 1);
  }

  std::uint64_t hash() const override {
    ContentHash hash;
    for (std::size_t domain = 0; domain < parts_.size(); ++domain) {
      hash.add(domains_[domain]);
      hash.add(crc32_z(0, parts_[domain].images.bytes.data(), parts_[domain].images.bytes.size()));
      for (const int label : parts_[domain].labels) {
        hash.add(static_cast<std::uint64_t>(label));
      }
    }
    return hash.value();
  }

 private:
  void add_part(const std::string& path, const std::string& part, const std::string& domain) {
    const std::string images = find_file(path, part + "-images", "idx3");
    if (images.empty()) {
      return;
    }
    const std::string labels = find_file(path, part + "-labels", "idx1");
    if (labels.empty()) {
      fail(ErrorCode::BadFile, images, ": ", part, "-labels-idx1-ubyte is missing beside it");
    }
    Part loaded{load_idx(images, 3), {}};
    const Idx numbers = load_idx(labels, 1);
    if (numbers.shape[0] != loaded.images.shape[0]) {
      fail(ErrorCode::BadFile, labels, ": ", numbers.shape[0], " labels for ",
           loaded.images.shape[0], " pictures");
    }
    loaded.labels.assign(numbers.bytes.begin(), numbers.bytes.end());
    check_labels(loaded.labels, classes_, labels);
    parts_.push_back(std::move(loaded));
    domains_.push_back(domain);
  }

  std::string spec_;
  std::vector<std::string> classes_;
  std::vector<std::string> domains_;
  std::vector<Part> parts_;
};

}  // namespace

std::unique_ptr<Dataset> make_mnist(const std::string& spec,
                                    const std::string& path,
                                    const DatasetOptions& options) {
  return std::make_unique<MnistDataset>(spec, path, load_class_names(options.labels));
}

}  // namespace zoa::detail
