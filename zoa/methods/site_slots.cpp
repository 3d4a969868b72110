// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/site_slots.h"

#include <algorithm>

#include "zoa/core/error.h"

namespace zoa {
namespace {

std::size_t find_slot(const ModelInfo& model, const SiteInfo& site, SlotKind kind) {
  const auto found = std::find_if(
      model.slots.begin(), model.slots.end(),
      [&](const SlotInfo& slot) { return slot.kind == kind && slot.layer == site.name; });
  if (found == model.slots.end()) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' offers no correction of site '",
         site.name, "'");
  }
  return static_cast<std::size_t>(found - model.slots.begin());
}

}  // namespace

SiteSlots find_site_slots(const ModelInfo& model, const SiteInfo& site) {
  const SlotKind factor =
      site.form == SiteForm::Matrix ? SlotKind::SiteMatrix : SlotKind::SiteScale;
  return {find_slot(model, site, factor), find_slot(model, site, SlotKind::SiteOffset)};
}

void check_site_stats(const ModelInfo& model, const SourceStats& stats) {
  std::size_t covariances = 0;
  for (const SiteInfo& site : model.sites) {
    covariances += site.covariance ? site.channels * site.group : 0;
  }
  if (stats.site_mean.size() != model.site_width ||
      stats.site_variance.size() != model.site_width ||
      stats.site_covariance.size() != covariances) {
    fail(ErrorCode::StateMismatch, "source statistics of sites have ", stats.site_mean.size(),
         " means and ", stats.site_covariance.size(), " covariances, model '", model.name, "' has ",
         model.site_width, " channels and ", covariances,
         " covariances at its sites; collect them again with this model");
  }
}

}  // namespace zoa
