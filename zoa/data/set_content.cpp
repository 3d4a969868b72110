// SPDX-License-Identifier: Apache-2.0
// Names of folders and files of a corrupted set, from the data's classes and files.
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

#include "zoa/core/error.h"
#include "zoa/data/set_store.h"

namespace zoa::detail {
namespace {

std::string padded(std::size_t number, std::size_t digits) {
  std::ostringstream text;
  text << std::setw(static_cast<int>(digits)) << std::setfill('0') << number;
  return text.str();
}

// A name that stays inside its folder and is not hidden.
std::string safe_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.starts_with('.')) {
    name[0] = '_';
  }
  return name;
}

// "n01440764 tench" gives n01440764 where the first words tell the classes apart.
std::vector<std::string> name_folders(const std::vector<std::string>& classes, int most_label) {
  const std::size_t count =
      std::max(classes.size(), static_cast<std::size_t>(std::max(most_label, 0)) + 1);
  std::vector<std::string> words;
  std::transform(classes.begin(), classes.end(), std::back_inserter(words),
                 [](const std::string& line) { return safe_name(line.substr(0, line.find(' '))); });
  if (std::set<std::string>(words.begin(), words.end()).size() < words.size()) {
    std::transform(classes.begin(), classes.end(), words.begin(), safe_name);
  }
  words.resize(count);
  std::set<std::string> taken;
  const std::size_t digits = std::to_string(count - 1).size();
  for (std::size_t label = 0; label < count; ++label) {
    std::string& word = words[label];
    if (word.empty() || taken.contains(word)) {
      word += (word.empty() ? "" : "_") + padded(label, digits);
    }
    taken.insert(word);
  }
  return words;
}

}  // namespace

SetContent list_content(const Dataset& base, std::size_t domain, std::size_t limit) {
  SetContent content;
  const std::size_t size = base.size(domain);
  const std::size_t count = limit == 0 ? size : std::min(limit, size);
  int most = -1;
  content.pictures.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int label = base.label(domain, i);
    if (label < 0) {
      fail(ErrorCode::InvalidArgument, base.spec(), ": picture ", base.name(domain, i),
           " has no label, which the layouts of ImageNet-C and CIFAR-10-C need; expected folders "
           "per class or labels.csv");
    }
    most = std::max(most, label);
    const std::string name = base.name(domain, i);
    const bool numbered = name == std::to_string(i);  // no file of its own
    content.pictures.push_back(
        {i, label, "",
         numbered ? padded(i, 8) : safe_name(std::filesystem::path(name).stem().string())});
  }
  content.class_folders = name_folders(base.classes(), most);
  std::set<std::pair<int, std::string>> taken;
  for (SetPicture& picture : content.pictures) {
    picture.folder = content.class_folders[static_cast<std::size_t>(picture.label)];
    if (!taken.insert({picture.label, picture.name}).second) {
      picture.name += "_" + padded(picture.index, 8);
      taken.insert({picture.label, picture.name});
    }
  }
  return content;
}

}  // namespace zoa::detail
