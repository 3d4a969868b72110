// SPDX-License-Identifier: Apache-2.0
// Corruptions on the fly over one domain of another data set.
#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/data/severity.h"
#include "zoa/data/sources.h"
#include "zoa/image/preprocess.h"

namespace zoa {
namespace {

std::vector<std::string> usual_names() {
  std::vector<std::string> names;
  for (const CorruptionInfo& info : list_corruptions()) {
    if (!info.validation) {
      names.push_back(info.name);
    }
  }
  return names;
}

class CorruptedDataset : public Dataset {
 public:
  CorruptedDataset(std::shared_ptr<const Dataset> base,
                   std::size_t domain,
                   CorruptedOptions options)
      : base_(std::move(base)),
        domain_(domain),
        options_(std::move(options)),
        domains_(cross_severities(options_.names, options_.severities)) {
    spec_ = base_->spec() + "+corrupt(" + base_->domains()[domain_] +
            ",severity=" + severities_text(options_.severities) +
            ",seed=" + std::to_string(options_.seed) + ")";
    for (const CorruptionDomain& target : domains_) {
      names_.push_back(target.name);
    }
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return names_; }
  std::size_t size(std::size_t /*domain*/) const override { return base_->size(domain_); }
  const std::vector<std::string>& classes() const override { return base_->classes(); }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return base_->label(domain_, index);
  }

  std::string name(std::size_t /*domain*/, std::size_t index) const override {
    return base_->name(domain_, index);
  }
  const std::vector<int>& possible_classes() const override { return base_->possible_classes(); }

  Image image(std::size_t domain, std::size_t index) const override {
    const CorruptionDomain& target = domains_.at(domain);
    Image image = base_->image(domain_, index);
    if (options_.crop > 0) {
      image = crop_larger(image);
    }
    const Profile profile = options_.profile.value_or(choose_profile(image));
    return corrupt(image, target.corruption, target.severity, profile,
                   image_seed(options_.seed, static_cast<std::int64_t>(index)));
  }

  std::uint64_t hash() const override {
    detail::ContentHash hash;
    hash.add(base_->hash());
    hash.add(spec_.substr(base_->spec().size()));  // the path is not content
    for (const std::string& name : options_.names) {
      hash.add(name);
    }
    hash.add(static_cast<std::uint64_t>(options_.crop));
    hash.add(options_.profile ? static_cast<std::uint64_t>(*options_.profile) + 1 : 0);
    return hash.value();
  }

 private:
  Image crop_larger(const Image& image) const {
    PreprocessSpec spec;
    spec.width = options_.crop;
    spec.height = options_.crop;
    spec.interpolation = "bilinear";
    const bool is_larger = image.width > options_.crop && image.height > options_.crop;
    return is_larger ? fit_image(image, spec) : image;
  }

  std::shared_ptr<const Dataset> base_;
  std::size_t domain_;
  CorruptedOptions options_;
  std::vector<CorruptionDomain> domains_;
  std::vector<std::string> names_;
  std::string spec_;
};

}  // namespace

std::unique_ptr<Dataset> corrupted(std::shared_ptr<const Dataset> base,
                                   const std::string& domain,
                                   const CorruptedOptions& options) {
  CorruptedOptions checked = options;
  if (checked.names.empty()) {
    checked.names = usual_names();
  }
  if (checked.crop < 0 || checked.crop > 65536) {
    fail(ErrorCode::InvalidArgument, "corrupted: crop ", checked.crop, ", expected 0..65536");
  }
  Image probe(1, 1);
  for (const CorruptionDomain& target : cross_severities(checked.names, checked.severities)) {
    corrupt(probe, target.corruption, target.severity, Profile::Cifar, 0);  // is the name known?
  }
  const std::size_t index = find_domain(*base, domain);
  return std::make_unique<CorruptedDataset>(std::move(base), index, std::move(checked));
}

}  // namespace zoa
