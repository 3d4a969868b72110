// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/norm_slots.h"

#include <algorithm>
#include <iterator>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {

// Slots and sites both come in network order, one of each kind per BatchNorm.
std::vector<NormSlots> find_norm_slots(const ModelInfo& model) {
  const std::vector<std::size_t> means = find_slots(model, SlotKind::NormMean);
  const std::vector<std::size_t> variances = find_slots(model, SlotKind::NormVariance);
  std::vector<SiteInfo> sites;
  std::copy_if(model.sites.begin(), model.sites.end(), std::back_inserter(sites),
               [](const SiteInfo& site) { return site.kind == SiteKind::NormInput; });
  if (means.empty() || variances.size() != means.size() || sites.size() != means.size()) {
    fail(ErrorCode::Internal, "model '", model.name, "' has ", means.size(), " means, ",
         variances.size(), " variances and ", sites.size(), " measured inputs of BatchNorms");
  }
  std::vector<NormSlots> norms(means.size());
  std::size_t first = 0;
  for (std::size_t n = 0; n < norms.size(); ++n) {
    const SlotInfo& mean = model.slots[means[n]];
    const SlotInfo& variance = model.slots[variances[n]];
    if (mean.layer != variance.layer || variance.size != mean.size ||
        sites[n].channels != mean.size || mean.neutral.size() != mean.size ||
        variance.neutral.size() != mean.size) {
      fail(ErrorCode::Internal, "BatchNorm '", mean.layer, "' has ", mean.size,
           " means; the variances of '", variance.layer, "' and the input '", sites[n].name,
           "' do not fit them");
    }
    norms[n] = {means[n], variances[n], mean.size, first, sites[n].offset, sites[n].positions};
    first += mean.size;
  }
  return norms;
}

ShippedNorms shipped_norms(const ModelInfo& model, const std::vector<NormSlots>& norms) {
  ShippedNorms shipped;
  for (const NormSlots& norm : norms) {
    const std::vector<float>& mean = model.slots[norm.mean_slot].neutral;
    const std::vector<float>& variance = model.slots[norm.variance_slot].neutral;
    shipped.mean.insert(shipped.mean.end(), mean.begin(), mean.end());
    shipped.variance.insert(shipped.variance.end(), variance.begin(), variance.end());
  }
  return shipped;
}

SiteRequest norm_inputs() {
  SiteRequest inputs;
  inputs.kind = SiteKind::NormInput;
  return inputs;
}

}  // namespace zoa
