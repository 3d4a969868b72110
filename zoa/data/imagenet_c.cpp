// SPDX-License-Identifier: Apache-2.0
// imagenet-c:DIR - CORRUPTION/SEVERITY/WNID/*.JPEG. A domain's 50,000 files are listed when the
// domain is first asked for.
#include <algorithm>
#include <filesystem>
#include <set>

#include "zoa/core/error.h"
#include "zoa/data/set_store.h"
#include "zoa/data/severity.h"
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
        severities_(options.severities),
        classes_(load_class_names(labels_file(path_, options))) {
    domains_ = cross_severities(list_corruption_folders(), severities_);
    std::set<std::string> wnids;
    for (const CorruptionDomain& domain : domains_) {
      names_.push_back(domain.name);
      const std::vector<std::string> folders = list_folders(folder_of(domain));
      wnids.insert(folders.begin(), folders.end());
    }
    folders_.assign(wnids.begin(), wnids.end());
    if (folders_.empty()) {
      fail(ErrorCode::BadFile, folder_of(domains_.front()),
           ": no class folders, expected CORRUPTION/SEVERITY/WNID/*.JPEG");
    }
    // Few classes of ImageNet keep their places among the 1,000; other names are numbered in order.
    numbers_ = std::all_of(folders_.begin(), folders_.end(), is_imagenet_wnid)
                   ? number_wnids(folders_, classes_, path_)
                   : number_classes(folders_, classes_, path_);
    listings_.resize(domains_.size());
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return names_; }
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
    for (const int severity : severities_) {
      hash.add(std::to_string(severity));
    }
    for (std::size_t domain = 0; domain < domains_.size(); ++domain) {
      const Listing& list = listing(domain);
      hash.add(names_[domain]);
      for (std::size_t i = 0; i < list.files.size(); ++i) {
        hash.add(list.files[i]);
        hash.add(static_cast<std::uint64_t>(list.labels[i]));
      }
    }
    return hash.value();
  }

 private:
  std::string folder_of(const CorruptionDomain& domain) const {
    return path_ + "/" + domain.corruption + "/" + std::to_string(domain.severity);
  }

  // The corruptions that are there at every severity asked for. One that is there at none of them
  // is none of ours; at some of them, a severity was forgotten.
  std::vector<std::string> list_corruption_folders() const {
    std::vector<std::string> corruptions;
    for (const std::string& name : list_folders(path_)) {
      std::string missing;
      std::size_t found = 0;
      for (const CorruptionDomain& domain : cross_severities({name}, severities_)) {
        const bool exists = std::filesystem::is_directory(folder_of(domain));
        found += exists ? 1 : 0;
        missing = exists ? missing : folder_of(domain);
      }
      if (found > 0 && !missing.empty()) {
        fail(ErrorCode::BadFile, missing, ": missing, expected every corruption at severity ",
             severities_text(severities_), "; choose others with --severity");
      }
      if (found > 0) {
        corruptions.push_back(name);
      }
    }
    if (corruptions.empty()) {
      fail(ErrorCode::BadFile, path_, ": ", describe_content(path_),
           ", expected the layout of ImageNet-C, CORRUPTION/SEVERITY/WNID/*.JPEG, with severity ",
           severities_text(severities_));
    }
    return published_order(corruptions);
  }

  // A listing does not change once it is done, so the reference may be used without the lock.
  const Listing& listing(std::size_t domain) const {
    const std::lock_guard lock(mutex_);
    Listing& list = listings_.at(domain);
    if (!list.is_done) {
      PictureList fresh;
      for (const std::string& folder : list_folders(folder_of(domains_[domain]))) {
        const auto at = std::lower_bound(folders_.begin(), folders_.end(), folder);
        add_pictures(fresh, folder_of(domains_[domain]), folder,
                     numbers_[static_cast<std::size_t>(at - folders_.begin())]);
      }
      list = {true, std::move(fresh.files), std::move(fresh.labels)};
    }
    return list;
  }

  std::string spec_;
  std::string path_;
  std::vector<int> severities_;
  std::vector<std::string> classes_;
  std::vector<CorruptionDomain> domains_;
  std::vector<std::string> names_;
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
