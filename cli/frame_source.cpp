// SPDX-License-Identifier: Apache-2.0
#include "cli/frame_source.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/image/decode.h"

namespace zoa::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestPath = 4096;  // PATH_MAX; longer lines are no paths

Frame read_frame(const std::string& path) {
  Frame frame{path, {}, ""};
  try {
    frame.picture = load_image(path);
  } catch (const Error& error) {
    frame.error = error.what();
  }
  return frame;
}

bool is_picture(const fs::path& path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return end == ".jpg" || end == ".jpeg" || end == ".png";
}

class FolderSource final : public FrameSource {
 public:
  explicit FolderSource(const std::string& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (is_picture(entry->path()) && entry->is_regular_file(ignored)) {
        paths_.push_back(entry->path().string());
      }
    }
    if (error) {
      fail(ErrorCode::Io, "cannot read folder ", folder, ": ", error.message());
    }
    if (paths_.empty()) {
      fail(ErrorCode::Io, folder, ": no file ends in .jpg, .jpeg or .png");
    }
    std::sort(paths_.begin(), paths_.end());
  }

  std::optional<Frame> next() override {
    return place_ == paths_.size() ? std::nullopt : std::optional(read_frame(paths_[place_++]));
  }

 private:
  std::vector<std::string> paths_;
  std::size_t place_ = 0;
};

// One path a line; empty lines are left out.
class LineSource final : public FrameSource {
 public:
  explicit LineSource(std::istream& lines) : lines_(&lines) {}
  explicit LineSource(std::unique_ptr<std::ifstream> file)
      : file_(std::move(file)), lines_(file_.get()) {}

  std::optional<Frame> next() override {
    std::string line;
    while (std::getline(*lines_, line)) {
      if (!line.empty() && line.back() == '\r') {
        line.pop_back();
      }
      if (line.size() > kLongestPath) {
        return Frame{line.substr(0, 60) + "...",
                     {},
                     "a line of " + std::to_string(line.size()) + " characters is no path"};
      }
      if (!line.empty()) {
        return read_frame(line);
      }
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<std::ifstream> file_;
  std::istream* lines_;
};

std::unique_ptr<FrameSource> open_list(const std::string& path) {
  auto file = std::make_unique<std::ifstream>(path);
  if (!*file) {
    fail(ErrorCode::Io, "cannot read ", path,
         "; --source takes a folder, a file with one path a line, -, video:FILE or camera:N");
  }
  return std::make_unique<LineSource>(std::move(file));
}

}  // namespace

std::unique_ptr<FrameSource> open_frames(const std::string& source) {
  const auto rest = [&](const char* kind) -> std::optional<std::string> {
    const std::string start = std::string(kind) + ":";
    return source.rfind(start, 0) == 0 ? std::optional(source.substr(start.size())) : std::nullopt;
  };
  if (source == "-") {
    return std::make_unique<LineSource>(std::cin);
  }
  if (const auto file = rest("video")) {
    return open_video(*file);
  }
  if (const auto number = rest("camera")) {
    return open_camera(*number);
  }
  std::error_code error;
  if (fs::is_directory(source, error)) {
    return std::make_unique<FolderSource>(source);
  }
  return open_list(source);
}

}  // namespace zoa::cli
