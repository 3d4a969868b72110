// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/blended_norms.h"

#include <algorithm>
#include <span>

#include "zoa/methods/parts.h"

namespace zoa {
namespace {

RunningMoments shipped_moments(const ModelInfo& model,
                               const std::vector<NormSlots>& norms,
                               const RunningOptions& options) {
  const ShippedNorms shipped = shipped_norms(model, norms);
  return {shipped.mean, shipped.variance, options};
}

}  // namespace

BlendedNorms::BlendedNorms(const ModelInfo& model, const RunningOptions& options)
    : norms_(find_norm_slots(model)),
      mix_slot_(find_slot(model, SlotKind::NormMix)),
      first_(shipped_moments(model, norms_, options)),
      running_(first_),
      recent_(first_) {}

void BlendedNorms::fill(SlotValues& values, std::size_t images) {
  const auto own = static_cast<double>(images);
  mix_ = static_cast<float>(own / (own + running_.images()));
  mean_ = to_floats(running_.mean());
  variance_.resize(mean_.size());
  for (std::size_t c = 0; c < variance_.size(); ++c) {
    variance_[c] = static_cast<float>(running_.variance(c));
  }
  values[mix_slot_] = std::span(&mix_, 1);
  for (const NormSlots& norm : norms_) {
    values[norm.mean_slot] = std::span(mean_).subspan(norm.first, norm.channels);
    values[norm.variance_slot] = std::span(variance_).subspan(norm.first, norm.channels);
  }
}

void BlendedNorms::observe(const PassOutput& measured, std::size_t images) {
  if (!all_finite(measured.site_mean) || !all_finite(measured.site_variance)) {
    return;
  }
  std::vector<double> mean(running_.mean().size());
  std::vector<double> variance(mean.size());
  for (const NormSlots& norm : norms_) {
    for (std::size_t c = 0; c < norm.channels; ++c) {
      mean[norm.first + c] = static_cast<double>(measured.site_mean[norm.site + c]);
      variance[norm.first + c] =
          std::max(static_cast<double>(measured.site_variance[norm.site + c]), 0.0);
    }
  }
  running_.observe(mean, variance, images);
  recent_.observe(mean, variance, images);
}

}  // namespace zoa
