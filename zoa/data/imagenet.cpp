// SPDX-License-Identifier: Apache-2.0
// Test sets for networks of the 1,000 ImageNet classes that are folders of class folders: ImageNet
// itself, ImageNet-R, -A, -Sketch (named by WordNet id) and -V2 (named by class index).
#include <algorithm>
#include <filesystem>

#include "zoa/core/error.h"
#include "zoa/data/sources.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kClasses = 1000;

// The folder inside, where somebody points one level too high; "" if there is no hint.
std::string inner_folder(const std::string& path, const std::vector<std::string>& folders) {
  if (folders.size() != 1) {
    return "";
  }
  return "; did you mean " + path + "/" + folders.front() + "?";
}

std::vector<std::string> list_class_folders(const std::string& path, const char* expected) {
  std::vector<std::string> folders = list_folders(path);
  if (folders.empty()) {
    fail(ErrorCode::BadFile, path, ": ", describe_content(path), ", expected ", expected);
  }
  return folders;
}

std::unique_ptr<Dataset> finish(const std::string& spec,
                                const std::string& path,
                                const std::string& domain,
                                PictureList list) {
  if (list.files.empty()) {
    fail(ErrorCode::BadFile, path, ": no JPEG or PNG files in its class folders; ",
         describe_content(path));
  }
  return make_pictures(spec, path, domain, std::move(list));
}

// is_restricted  the published accuracy looks only at the classes that have a folder
std::unique_ptr<Dataset> open_wnids(const std::string& spec,
                                    const std::string& path,
                                    const DatasetOptions& options,
                                    const std::string& domain,
                                    bool is_restricted) {
  PictureList list;
  list.classes = load_class_names(options.labels);
  const std::vector<std::string> folders =
      list_class_folders(path, "a folder per class, named by WordNet id, e.g. n01440764");
  const bool is_odd = options.labels.empty() && !is_imagenet_wnid(folders.front());
  if (is_odd && folders.size() == 1) {
    fail(ErrorCode::BadFile, path, ": ", describe_content(path),
         ", expected folders named by WordNet id", inner_folder(path, folders));
  }
  const std::vector<int> numbers = number_wnids(folders, list.classes, path);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    add_pictures(list, path, folders[i], numbers[i]);
  }
  if (is_restricted) {
    list.possible = numbers;
    std::sort(list.possible.begin(), list.possible.end());
  }
  return finish(spec, path, domain, std::move(list));
}

// -1 = not 0..999 in its plain spelling
int class_number(const std::string& name) {
  const bool is_plain = !name.empty() && name.size() <= 3 &&
                        name.find_first_not_of("0123456789") == std::string::npos &&
                        (name.size() == 1 || name[0] != '0');
  return is_plain ? std::stoi(name) : -1;
}

}  // namespace

bool is_imagenet_wnid(const std::string& name) {
  const std::vector<std::string>& all = imagenet_wnids();
  return std::binary_search(all.begin(), all.end(), name);
}

std::vector<int> number_wnids(const std::vector<std::string>& folders,
                              std::vector<std::string>& classes,
                              const std::string& where) {
  const std::vector<std::string>& all = imagenet_wnids();
  std::vector<int> numbers;
  numbers.reserve(folders.size());
  const auto starts = [&](const std::string& line) {
    return std::binary_search(folders.begin(), folders.end(), line.substr(0, line.find(' ')));
  };
  if (std::any_of(classes.begin(), classes.end(), starts)) {
    return number_classes(folders, classes, where);
  }
  for (const std::string& folder : folders) {
    const auto found = std::lower_bound(all.begin(), all.end(), folder);
    if (found == all.end() || *found != folder) {
      fail(ErrorCode::InvalidArgument, where, ": class folder ", folder,
           " is not a WordNet id of the 1,000 ImageNet classes, expected e.g. n01440764; "
           "for other classes give --labels FILE with one line per class, id first");
    }
    numbers.push_back(static_cast<int>(found - all.begin()));
  }
  if (classes.empty()) {
    classes = all;
  }
  if (classes.size() != kClasses) {
    fail(ErrorCode::InvalidArgument, where, ": the labels file has ", classes.size(),
         " lines and names none of the folders, expected ", kClasses,
         " lines, or lines that begin with the WordNet id");
  }
  return numbers;
}

std::unique_ptr<Dataset> make_imagenet(const std::string& spec,
                                       const std::string& path,
                                       const DatasetOptions& options) {
  return open_wnids(spec, path, options, "clean", false);
}

std::unique_ptr<Dataset> make_imagenet_r(const std::string& spec,
                                         const std::string& path,
                                         const DatasetOptions& options) {
  return open_wnids(spec, path, options, "imagenet-r", true);
}

std::unique_ptr<Dataset> make_imagenet_a(const std::string& spec,
                                         const std::string& path,
                                         const DatasetOptions& options) {
  return open_wnids(spec, path, options, "imagenet-a", true);
}

std::unique_ptr<Dataset> make_imagenet_sketch(const std::string& spec,
                                              const std::string& path,
                                              const DatasetOptions& options) {
  return open_wnids(spec, path, options, "imagenet-sketch", false);
}

std::unique_ptr<Dataset> make_imagenet_v2(const std::string& spec,
                                          const std::string& path,
                                          const DatasetOptions& options) {
  const char* expected = "folders named 0 to 999 by class index";
  std::vector<std::string> folders = list_class_folders(path, expected);
  for (const std::string& folder : folders) {
    if (class_number(folder) < 0) {
      fail(ErrorCode::BadFile, path, ": ", describe_content(path), ", expected ", expected,
           inner_folder(path, folders));
    }
  }
  // As numbers: as text, 10 comes before 2.
  std::sort(folders.begin(), folders.end(), [](const std::string& a, const std::string& b) {
    return class_number(a) < class_number(b);
  });
  PictureList list;
  list.classes = load_class_names(options.labels);
  if (list.classes.empty()) {
    list.classes = imagenet_wnids();
  }
  if (list.classes.size() != kClasses) {
    fail(ErrorCode::InvalidArgument, options.labels, ": ", list.classes.size(),
         " lines, expected one for each of ", kClasses, " classes");
  }
  for (const std::string& folder : folders) {
    add_pictures(list, path, folder, class_number(folder));
  }
  return finish(spec, path, "imagenet-v2", std::move(list));
}

}  // namespace zoa::detail
