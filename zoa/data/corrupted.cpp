// SPDX-License-Identifier: Apache-2.0
// Corruptions on the fly over one domain of another data set.
#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/data/severity.h"
#include "zoa/data/sources.h"
#include "zoa/image/resize.h"

namespace zoa {
namespace detail {

std::vector<std::string> usual_corruptions() {
  std::vector<std::string> names;
  for (const CorruptionInfo& info : list_corruptions()) {
    if (!info.validation) {
      names.push_back(info.name);
    }
  }
  return names;
}

void check_corruptions(const std::vector<std::string>& names) {
  const Image probe(1, 1);
  for (const std::string& name : names) {
    corrupt(probe, name, 1, Profile::Cifar, 0);  // throws for an unknown name
  }
}

Image crop_as_published(const Image& image, int crop) {
  if (crop <= 0 || std::max(image.width, image.height) <= crop) {
    return image;
  }
  const auto side = static_cast<std::int64_t>(crop / 0.875);
  const std::int64_t least = std::min(image.width, image.height);
  const auto scaled = [&](std::int64_t length) { return static_cast<int>(length * side / least); };
  return center_crop(
      resize(image, scaled(image.width), scaled(image.height), Interpolation::Bilinear), crop,
      crop);
}

}  // namespace detail

namespace {

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
  std::string name(std::size_t /*domain*/, std::size_t index) const override {
    return base_->name(domain_, index);
  }
  int label(std::size_t /*domain*/, std::size_t index) const override {
    return base_->label(domain_, index);
  }

  const std::vector<int>& possible_classes() const override { return base_->possible_classes(); }

  Image image(std::size_t domain, std::size_t index) const override {
    const CorruptionDomain& target = domains_.at(domain);
    const Image image = detail::crop_as_published(base_->image(domain_, index), options_.crop);
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
    checked.names = detail::usual_corruptions();
  }
  if (checked.crop < 0 || checked.crop > 65536) {
    fail(ErrorCode::InvalidArgument, "corrupted: crop ", checked.crop, ", expected 0..65536");
  }
  detail::check_corruptions(checked.names);
  const std::size_t index = find_domain(*base, domain);
  return std::make_unique<CorruptedDataset>(std::move(base), index, std::move(checked));
}

}  // namespace zoa
