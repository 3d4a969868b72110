// SPDX-License-Identifier: Apache-2.0
// NAME.npy of shape (severities * pictures, H, W, 3), severity by severity, and labels.npy.
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/data/set_store.h"

namespace zoa::detail {
namespace {

// Version 1.0; the data start at a multiple of 64 bytes.
std::string npy_head(const std::string& type, const std::string& shape) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string head{"\x93NUMPY\x01\x00", 8};
  head += static_cast<char>(text.size() % 256);
  head += static_cast<char>(text.size() / 256);
  return head + text;
}

// A file of known size whose space is taken at once: a full disk shows before the work.
class RowFile {
 public:
  RowFile(std::string path, const std::string& head, std::uint64_t data_bytes)
      : path_(std::move(path)),
        offset_(head.size()),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (file_ < 0) {
      fail_io("write", path_, errno);
    }
    const int error = ::posix_fallocate(file_, 0, static_cast<off_t>(head.size() + data_bytes));
    if (error != 0) {
      ::close(file_);
      fail_io("write", path_, error);
    }
    write(head.data(), head.size(), 0);
  }
  ~RowFile() { ::close(file_); }
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  void put_row(std::size_t row, const std::vector<std::uint8_t>& bytes) {
    write(bytes.data(), bytes.size(), offset_ + row * bytes.size());
  }
  const std::string& path() const { return path_; }

 private:
  void write(const void* data, std::size_t size, std::uint64_t position) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t count = ::pwrite(file_, at, size, static_cast<off_t>(position));
      if (count < 0 && errno != EINTR) {
        fail_io("write", path_, errno);
      }
      const auto done = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      at += done;
      size -= done;
      position += done;
    }
  }

  std::string path_;
  std::uint64_t offset_;
  int file_;
};

class ArrayStore : public SetStore {
 public:
  ArrayStore(std::string folder,
             const SetContent& content,
             const CorruptedSetPlan& plan,
             std::array<int, 2> size)
      : folder_(std::move(folder)), content_(content), plan_(plan) {
    const std::uint64_t rows = plan.severities.size() * content.pictures.size();
    const auto row_bytes =
        static_cast<std::uint64_t>(size[0]) * static_cast<std::uint64_t>(size[1]) * 3;
    std::ostringstream shape;
    shape << '(' << rows << ", " << size[1] << ", " << size[0] << ", 3)";
    files_.reserve(plan.names.size());
    for (const std::string& name : plan.names) {
      files_.push_back(std::make_unique<RowFile>(folder_ + "/" + name + ".npy",
                                                 npy_head("|u1", shape.str()), rows * row_bytes));
    }
  }

  void put(const SetCell& cell, const Image& image) override {
    files_[cell.corruption]->put_row(cell.severity * content_.pictures.size() + cell.picture,
                                     image.rgb);
  }

  std::vector<SetFile> finish() override {
    write_labels();
    std::vector<SetFile> files;
    files.reserve(plan_.names.size());
    for (std::size_t c = 0; c < plan_.names.size(); ++c) {
      files.push_back({plan_.names[c] + ".npy", hash128_file(files_[c]->path())});
    }
    return files;
  }

 private:
  // One byte each, as published, where they fit.
  void write_labels() const {
    const std::vector<SetPicture>& pictures = content_.pictures;
    const bool is_small = std::all_of(pictures.begin(), pictures.end(),
                                      [](const SetPicture& p) { return p.label < 256; });
    std::ostringstream shape;
    shape << '(' << plan_.severities.size() * pictures.size() << ",)";
    std::string text = npy_head(is_small ? "|u1" : "<i4", shape.str());
    for (std::size_t s = 0; s < plan_.severities.size(); ++s) {
      for (const SetPicture& picture : pictures) {
        for (int byte = 0; byte < (is_small ? 1 : 4); ++byte) {
          text += static_cast<char>((picture.label >> (8 * byte)) & 255);
        }
      }
    }
    write_new_file(folder_ + "/labels.npy",
                   {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  std::string folder_;
  const SetContent& content_;
  const CorruptedSetPlan& plan_;
  std::vector<std::unique_ptr<RowFile>> files_;
};

}  // namespace

std::unique_ptr<SetStore> make_array_store(const std::string& folder,
                                           const SetContent& content,
                                           const CorruptedSetPlan& plan,
                                           std::array<int, 2> size) {
  return std::make_unique<ArrayStore>(folder, content, plan, size);
}

}  // namespace zoa::detail
