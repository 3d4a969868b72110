// SPDX-License-Identifier: Apache-2.0
// imagenet-c:DIR - CORRUPTION/SEVERITY/WNID/*.JPEG. A domain's 50,000 files are listed when the
// domain is first asked for.
#include <algorithm>
#include <filesystem>
#include <set>

#include "zoa/core/error.h"
#include "zoa/data/set_store.h"
#include "zoa/data/sources.h"
#include "zoa/image/decode.h"

namespace zoa::detail {
namespace {

struct Listing {
  bool is_done = false;
  std::vector<std::string> files;  // WNID/NAME
  std::vector<int> labels;
};

// What 'zoa corrupt' wrote beside its pictures tells the classes where nobody else does.
std::string labels_file(const std::string& path, const DatasetOptions& options) {
  return options.labels.empty() && is_corrupted_set(path) ? path + "/labels.txt" : options.labels;
}

class ImagenetCDataset : public Dataset {
 public:
  ImagenetCDataset(std::string spec, std::string path, const DatasetOptions& options)
      : spec_(std::move(spec)),
        path_(std::move(path)),
        severity_(std::to_string(options.severity)),
        classes_(load_class_names(labels_file(path_, options))) {
    check_severity(options.severity);
    for (const std::string& name : list_folders(path_)) {
      if (std::filesystem::is_directory(path_ + "/" + name + "/" + severity_)) {
        domains_.push_back(name);
      }
    }
    domains_ = published_order(domains_);
    if (domains_.empty()) {
      fail(ErrorCode::BadFile, path_, ": no folder CORRUPTION/", severity_,
           ", expected the layout of ImageNet-C");
    }
    std::set<std::string> wnids;
    for (const std::string& name : domains_) {
      const std::vector<std::string> folders = list_folders(folder_of(name));
      wnids.insert(folders.begin(), folders.end());
    }
    folders_.assign(wnids.begin(), wnids.end());
    numbers_ = number_classes(folders_, classes_, path_);
    listings_.resize(domains_.size());
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return domains_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size(std::size_t domain) const override { return listing(domain).files.size(); }
  int label(std::size_t domain, std::size_t index) const override {
    return listing(domain).labels.at(index);
  }
  Image image(std::size_t domain, std::size_t index) const override {
    return load_image(folder_of(domains_.at(domain)) + "/" + listing(domain).files.at(index));
  }

  std::string name(std::size_t domain, std::size_t index) const override {
    return listing(domain).files.at(index);
  }

  std::uint64_t hash() const override {
    ContentHash hash;
    hash.add(severity_);
    for (std::size_t domain = 0; domain < domains_.size(); ++domain) {
      const Listing& list = listing(domain);
      hash.add(domains_[domain]);
      for (std::size_t i = 0; i < list.files.size(); ++i) {
        hash.add(list.files[i]);
        hash.add(static_cast<std::uint64_t>(list.labels[i]));
      }
    }
    return hash.value();
  }

 private:
  std::string folder_of(const std::string& domain) const {
    return path_ + "/" + domain + "/" + severity_;
  }

  // A listing does not change once it is done, so the reference may be used without the lock.
  const Listing& listing(std::size_t domain) const {
    const std::lock_guard lock(mutex_);
    Listing& list = listings_.at(domain);
    if (!list.is_done) {
      Listing fresh{true, {}, {}};
      for (const std::string& folder : list_folders(folder_of(domains_[domain]))) {
        const auto at = std::lower_bound(folders_.begin(), folders_.end(), folder);
        for (const std::string& file : list_pictures(folder_of(domains_[domain]) + "/" + folder)) {
          fresh.files.push_back(folder + "/" + file);
          fresh.labels.push_back(numbers_[static_cast<std::size_t>(at - folders_.begin())]);
        }
      }
      list = std::move(fresh);
    }
    return list;
  }

  std::string spec_;
  std::string path_;
  std::string severity_;
  std::vector<std::string> classes_;
  std::vector<std::string> domains_;
  std::vector<std::string> folders_;  // all WNIDs, sorted
  std::vector<int> numbers_;          // class of each
  mutable std::mutex mutex_;
  mutable std::vector<Listing> listings_;
};

}  // namespace

std::unique_ptr<Dataset> make_imagenet_c(const std::string& spec,
                                         const std::string& path,
                                         const DatasetOptions& options) {
  return std::make_unique<ImagenetCDataset>(spec, path, options);
}

}  // namespace zoa::detail
