// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/sources.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/rng.h"
#include "zoa/corrupt/corrupt.h"

namespace zoa::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTextBytes = 64U << 20U;
constexpr std::size_t kMostNames = 5'000'000;
constexpr std::size_t kWalk = 64;  // so many of one domain in a row: one domain after the other
constexpr std::size_t kMostKeptBytes = std::size_t{4} << 30U;

// Place among the published corruptions: the 15 of the paper in its order, then the 4 extra ones.
std::size_t rank_of(const std::string& name) {
  const std::vector<CorruptionInfo>& all = list_corruptions();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const CorruptionInfo& info) { return info.name == name; });
  return static_cast<std::size_t>(found - all.begin());
}

bool is_special(const std::string& name) {
  return name == "clean" || name == "calib" || name == "train";
}

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

std::vector<std::string> list_names(const std::string& path, bool want_folders) {
  std::error_code code;
  std::vector<std::string> names;
  for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    const bool is_wanted = want_folders ? it->is_directory(ignored)
                                        : is_picture(it->path()) && !it->is_directory(ignored);
    if (names.size() > kMostNames) {
      fail(ErrorCode::LimitExceeded, path, ": more than ", kMostNames, " entries");
    }
    if (is_wanted && !name.starts_with('.')) {
      names.push_back(name);
    }
  }
  if (code) {
    fail(ErrorCode::Io, path, ": cannot be listed: ", code.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool names_folder(const std::string& line, const std::string& folder) {
  return line.starts_with(folder) && (line.size() == folder.size() || line[folder.size()] == ' ');
}

}  // namespace

void ContentHash::add(std::uint64_t value) noexcept {
  value_ = mix_seed(value_, value);
}

void ContentHash::add(const std::string& text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  add(hash);
}

PixelCache::Pixels PixelCache::get(std::size_t domain,
                                   const std::function<std::vector<std::uint8_t>()>& load) {
  const std::lock_guard lock(mutex_);
  if (domain != domain_) {
    if (in_a_row_ >= kWalk) {
      kept_.erase(domain_);  // the old block goes before the new one comes
    }
    domain_ = domain;
    in_a_row_ = 0;
  }
  ++in_a_row_;
  Pixels& pixels = kept_[domain];
  if (pixels == nullptr) {
    make_room();
    pixels = std::make_shared<const std::vector<std::uint8_t>>(load());
  }
  return pixels;
}

void PixelCache::make_room() {
  std::size_t bytes = 0;
  for (const auto& [domain, pixels] : kept_) {
    bytes += pixels == nullptr ? 0 : pixels->size();
  }
  if (bytes > kMostKeptBytes) {
    std::erase_if(kept_, [&](const auto& entry) { return entry.first != domain_; });
  }
}

Image cut_image(const std::vector<std::uint8_t>& pixels,
                std::size_t index,
                int width,
                int height,
                int channels) {
  Image image(width, height);
  const std::size_t size = image.rgb.size() / 3 * static_cast<std::size_t>(channels);
  const std::uint8_t* in = pixels.data() + index * size;
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = in[channels == 3 ? i : i / 3];
  }
  return image;
}

std::vector<std::string> published_order(const std::vector<std::string>& names) {
  const bool is_published = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return is_special(name) || rank_of(name) < list_corruptions().size();
  });
  if (!is_published) {
    return names;
  }
  std::vector<std::string> ordered = names;  // special ones last, as they came
  std::stable_sort(ordered.begin(), ordered.end(), [](const std::string& a, const std::string& b) {
    return rank_of(a) < rank_of(b);
  });
  return ordered;
}

std::vector<std::string> load_class_names(const std::string& path) {
  std::vector<std::string> names;
  if (path.empty()) {
    return names;
  }
  const Bytes bytes = read_file(path, kMaxTextBytes);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    names.push_back(line);
  }
  while (!names.empty() && names.back().empty()) {
    names.pop_back();
  }
  if (names.empty()) {
    fail(ErrorCode::BadFile, path, ": empty, expected one class name per line");
  }
  return names;
}

std::vector<int> number_classes(const std::vector<std::string>& folders,
                                std::vector<std::string>& classes,
                                const std::string& where) {
  std::vector<int> numbers(folders.size());
  std::size_t named = 0;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const auto found = std::find_if(classes.begin(), classes.end(), [&](const std::string& line) {
      return names_folder(line, folders[i]);
    });
    named += found != classes.end() ? 1 : 0;
    numbers[i] = static_cast<int>(found - classes.begin());
  }
  if (named == folders.size()) {
    return numbers;
  }
  // None is named: other words for the same classes, in the folders' sorted order.
  if (named != 0 || (!classes.empty() && classes.size() != folders.size())) {
    fail(ErrorCode::InvalidArgument, where, ": the labels file names ", named, " of ",
         folders.size(), " class folders in ", classes.size(),
         " lines; expected every folder, or as many lines as folders");
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    numbers[i] = static_cast<int>(i);
  }
  if (classes.empty()) {
    classes = folders;
  }
  return numbers;
}

void check_labels(const std::vector<int>& labels,
                  const std::vector<std::string>& classes,
                  const std::string& where) {
  for (const int label : labels) {
    if (label < -1 || (!classes.empty() && label >= static_cast<int>(classes.size()))) {
      fail(ErrorCode::InvalidArgument, where, ": label ", label, ", expected 0..",
           classes.empty() ? std::string("") : std::to_string(classes.size() - 1),
           " or -1 for unknown");
    }
  }
}

std::vector<std::string> list_folders(const std::string& path) {
  return list_names(path, true);
}

std::vector<std::string> list_pictures(const std::string& path) {
  return list_names(path, false);
}

std::string describe_content(const std::string& path) {
  const auto list = [](const std::vector<std::string>& names, const char* what) {
    constexpr std::size_t kShown = 3;
    std::string text = what;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
      text += (i == 0 ? " " : ", ") + names[i];
    }
    return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more"
                                 : text;
  };
  const std::vector<std::string> folders = list_folders(path);
  const std::vector<std::string> pictures = list_pictures(path);
  if (!folders.empty()) {
    return list(folders, "found the folders");
  }
  return pictures.empty() ? "found neither folders nor pictures"
                          : list(pictures, "found the pictures");
}

std::uint64_t size_or_zero(const std::string& path) noexcept {
  std::error_code code;
  const std::uintmax_t size = fs::file_size(path, code);
  return code ? 0 : size;
}

}  // namespace zoa::detail
