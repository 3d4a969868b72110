// SPDX-License-Identifier: Apache-2.0
// images:DIR - a folder of class folders, or of pictures with or without labels.csv.
#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/data/sources.h"
#include "zoa/image/decode.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMaxTextBytes = 256U << 20U;

class FolderDataset : public Dataset {
 public:
  FolderDataset(std::string spec, std::string path, std::string domain, PictureList listing)
      : spec_(std::move(spec)),
        path_(std::move(path)),
        listing_(std::move(listing)),
        domains_{std::move(domain)} {}

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  std::size_t size(std::size_t /*domain*/) const override { return listing_.files.size(); }
  Image image(std::size_t /*domain*/, std::size_t index) const override {
    return load_image(path_ + "/" + listing_.files.at(index));
  }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return listing_.labels.at(index);
  }
  const std::vector<std::string>& classes() const override { return listing_.classes; }
  std::string name(std::size_t /*domain*/, std::size_t index) const override {
    return listing_.files.at(index);
  }
  const std::vector<int>& possible_classes() const override { return listing_.possible; }

  std::uint64_t hash() const override {
    ContentHash hash;
    for (std::size_t i = 0; i < listing_.files.size(); ++i) {
      hash.add(listing_.files[i]);
      hash.add(size_or_zero(path_ + "/" + listing_.files[i]));
      hash.add(static_cast<std::uint64_t>(listing_.labels[i]));
    }
    return hash.value();
  }

 private:
  std::string spec_;
  std::string path_;
  PictureList listing_;
  std::vector<std::string> domains_;
};

struct CsvRow {
  std::string file;
  std::string label;
};

// file,label per line; a file's name may hold commas, a label may not.
std::vector<CsvRow> load_csv(const std::string& path) {
  const Bytes bytes = read_file(path, kMaxTextBytes);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<CsvRow> rows;
  std::size_t number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (line.empty() || (number == 1 && line == "file,label")) {
      continue;
    }
    const std::size_t comma = line.rfind(',');
    if (comma == std::string::npos || comma == 0 || comma + 1 == line.size()) {
      fail(ErrorCode::BadFile, path, ": line ", number, " is not file,label");
    }
    rows.push_back({line.substr(0, comma), line.substr(comma + 1)});
    const std::filesystem::path file(rows.back().file);
    if (file.is_absolute() || std::find(file.begin(), file.end(), "..") != file.end()) {
      fail(ErrorCode::BadFile, path, ": line ", number, " leaves the folder: ", file.string());
    }
  }
  if (rows.empty()) {
    fail(ErrorCode::BadFile, path, ": no line, expected file,label");
  }
  return rows;
}

bool is_number(const std::string& text) {
  return text.size() <= 8 && text.find_first_not_of("0123456789") == std::string::npos;
}

PictureList list_csv(const std::string& path, std::vector<std::string> classes) {
  const std::vector<CsvRow> rows = load_csv(path);
  PictureList listing;
  std::set<std::string> words;
  for (const CsvRow& row : rows) {
    listing.files.push_back(row.file);
    words.insert(row.label);
  }
  listing.classes = std::move(classes);
  if (std::all_of(words.begin(), words.end(), is_number)) {
    for (const CsvRow& row : rows) {
      listing.labels.push_back(std::stoi(row.label));
    }
    return listing;
  }
  const std::vector<std::string> sorted(words.begin(), words.end());
  const std::vector<int> numbers = number_classes(sorted, listing.classes, path);
  for (const CsvRow& row : rows) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), row.label) - sorted.begin();
    listing.labels.push_back(numbers[static_cast<std::size_t>(at)]);
  }
  return listing;
}

PictureList list_class_folders(const std::string& path,
                               const std::vector<std::string>& folders,
                               std::vector<std::string> classes) {
  PictureList listing;
  listing.classes = std::move(classes);
  const std::vector<int> numbers = number_classes(folders, listing.classes, path);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    add_pictures(listing, path, folders[i], numbers[i]);
  }
  return listing;
}

PictureList list_files(const std::string& path, std::vector<std::string> classes) {
  PictureList listing;
  listing.files = list_pictures(path);
  listing.labels.assign(listing.files.size(), -1);
  listing.classes = std::move(classes);
  return listing;
}

}  // namespace

std::unique_ptr<Dataset> make_pictures(const std::string& spec,
                                       const std::string& path,
                                       const std::string& domain,
                                       PictureList list) {
  return std::make_unique<FolderDataset>(spec, path, domain, std::move(list));
}

void add_pictures(PictureList& list,
                  const std::string& path,
                  const std::string& folder,
                  int label) {
  for (const std::string& file : list_pictures(path + "/" + folder)) {
    list.files.push_back(folder + "/" + file);
    list.labels.push_back(label);
  }
}

std::unique_ptr<Dataset> make_folder(const std::string& spec,
                                     const std::string& path,
                                     const DatasetOptions& options) {
  std::vector<std::string> classes = load_class_names(options.labels);
  const std::vector<std::string> folders = list_folders(path);
  const std::string csv = path + "/labels.csv";
  PictureList listing;
  if (std::filesystem::exists(csv)) {
    listing = list_csv(csv, std::move(classes));
  } else if (!folders.empty() && list_pictures(path).empty()) {
    listing = list_class_folders(path, folders, std::move(classes));
  } else {
    listing = list_files(path, std::move(classes));
  }
  if (listing.files.empty()) {
    fail(ErrorCode::BadFile, path, ": no JPEG or PNG files (", describe_content(path),
         "), expected one folder per class or pictures with labels.csv");
  }
  check_labels(listing.labels, listing.classes, path);
  return make_pictures(spec, path, "images", std::move(listing));
}

}  // namespace zoa::detail
