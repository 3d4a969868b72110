// SPDX-License-Identifier: Apache-2.0
// CORRUPTION/SEVERITY/CLASS/NAME.png or .JPEG, and labels.txt with the class folders by label.
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/data/set_store.h"
#include "zoa/image/decode.h"

namespace zoa::detail {
namespace {

class FolderStore : public SetStore {
 public:
  FolderStore(std::string folder, const SetContent& content, const CorruptedSetPlan& plan)
      : folder_(std::move(folder)),
        content_(content),
        plan_(plan),
        hashes_(plan.names.size() * plan.severities.size() * content.pictures.size()) {}

  void put(const SetCell& cell, const Image& image) override {
    const std::string path = path_of(cell);
    const std::filesystem::path place = std::filesystem::path(folder_) / path;
    std::error_code code;
    std::filesystem::create_directories(place.parent_path(), code);
    if (code) {
      fail(ErrorCode::Io, "cannot make ", place.parent_path().string(), ": ", code.message());
    }
    const std::vector<std::uint8_t> bytes =
        plan_.store == Store::Png ? encode_png(image) : encode_jpeg(image, plan_.quality);
    write_new_file(place.string(), bytes);
    hashes_[slot_of(cell)] = hash128(bytes);
  }

  std::vector<SetFile> finish() override {
    std::string labels;
    for (const std::string& name : content_.class_folders) {
      labels += name + "\n";
    }
    write_new_file(folder_ + "/labels.txt",
                   {reinterpret_cast<const std::uint8_t*>(labels.data()), labels.size()});
    std::vector<SetFile> files;
    for (std::size_t c = 0; c < plan_.names.size(); ++c) {
      for (std::size_t s = 0; s < plan_.severities.size(); ++s) {
        for (std::size_t i = 0; i < content_.pictures.size(); ++i) {
          const SetCell cell{c, s, i};
          if (!hashes_[slot_of(cell)].empty()) {
            files.push_back({path_of(cell), hashes_[slot_of(cell)]});
          }
        }
      }
    }
    return files;
  }

 private:
  std::size_t slot_of(const SetCell& cell) const {
    return (cell.corruption * plan_.severities.size() + cell.severity) * content_.pictures.size() +
           cell.picture;
  }
  std::string path_of(const SetCell& cell) const {
    const SetPicture& picture = content_.pictures[cell.picture];
    return plan_.names[cell.corruption] + "/" + std::to_string(plan_.severities[cell.severity]) +
           "/" + picture.folder + "/" + picture.name +
           (plan_.store == Store::Png ? ".png" : ".JPEG");
  }

  std::string folder_;
  const SetContent& content_;
  const CorruptedSetPlan& plan_;
  std::vector<std::string> hashes_;  // by slot; empty = picture was not readable
};

}  // namespace

void write_new_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) {
    fail_io("write", path, errno);
  }
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    error = count < 0 && errno != EINTR ? errno : 0;
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  if (::close(file) != 0 && error == 0) {
    error = errno;
  }
  if (error != 0) {
    fail_io("write", path, error);
  }
}

std::unique_ptr<SetStore> make_folder_store(const std::string& folder,
                                            const SetContent& content,
                                            const CorruptedSetPlan& plan) {
  return std::make_unique<FolderStore>(folder, content, plan);
}

}  // namespace zoa::detail
