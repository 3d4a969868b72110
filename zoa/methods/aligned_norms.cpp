// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/aligned_norms.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/norm_slots.h"
#include "zoa/methods/site_slots.h"

namespace zoa {
namespace {

// Of the average variance: a channel below it is constant, and its difference says nothing.
constexpr double kConstant = 1e-6;

std::size_t find_slot_of(const ModelInfo& model, const SiteInfo& site, SlotKind kind) {
  const auto found =
      std::find_if(model.slots.begin(), model.slots.end(), [&](const SlotInfo& slot) {
        return slot.kind == kind && site.name.starts_with(slot.layer + ".");
      });
  if (found == model.slots.end()) {
    fail(ErrorCode::Internal, "model '", model.name, "' measures '", site.name,
         "' and offers no slot for it");
  }
  return static_cast<std::size_t>(found - model.slots.begin());
}

}  // namespace

double compute_evidence(const ChannelGroup& group, double images, double doubt) {
  double average = 0;
  for (const float variance : group.variance) {
    average += static_cast<double>(variance) / static_cast<double>(group.variance.size());
  }
  double expected = 0;
  double found = 0;
  for (std::size_t c = 0; c < group.mean.size(); ++c) {
    const auto variance = static_cast<double>(group.variance[c]);
    if (variance > kConstant * average) {
      const double distance = group.mean[c] - static_cast<double>(group.source[c]);
      found += distance * distance / variance;
      expected += static_cast<double>(group.spread[c]) / variance;
    }
  }
  if (doubt == 0) {
    return 1;
  }
  return images * found > 0 ? std::max(0.0, 1 - doubt * expected / (images * found)) : 0;
}

AlignedNorms::AlignedNorms(const ModelInfo& model, const SourceStats& stats, const AlignRule& rule)
    : slots_(model.slots),
      stats_(stats),
      rule_(rule),
      first_(model.site_width),
      second_(model.site_width) {
  check_site_stats(model, stats);
  find_norms(model);
  if (norms_.empty()) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no norm that can be aligned");
  }
  const bool known = std::any_of(stats.site_spread.begin(), stats.site_spread.end(),
                                 [](float spread) { return spread > 0; });
  if (stats.site_spread.size() != model.site_width || !known) {
    fail(ErrorCode::StateMismatch, "model '", model.name,
         "': its source statistics do not say how far norms stray from image to image; collect "
         "them with 'zoa quantize' (--bits keep for a network that is quantized)");
  }
}

void AlignedNorms::find_norms(const ModelInfo& model) {
  for (const SiteInfo& site : model.sites) {
    if (site.kind == SiteKind::Normalised) {
      norms_.push_back({find_slot_of(model, site, SlotKind::NormGamma),
                        find_slot_of(model, site, SlotKind::NormBeta), site.offset, site.channels});
    }
  }
  batch_norms_ = norms_.empty() && !model.sites.empty();
  if (batch_norms_) {
    for (const NormSlots& norm : find_norm_slots(model)) {
      norms_.push_back({norm.mean_slot, norm.variance_slot, norm.site, norm.channels});
    }
  }
}

RunningMoments AlignedNorms::source(const RunningOptions& options) const {
  return {stats_.site_mean, stats_.site_variance, options};
}

double AlignedNorms::evidence_of(const Aligned& norm, const RunningMoments& running) const {
  const auto part = [&](const std::vector<float>& values) {
    return std::span(values).subspan(norm.offset, norm.channels);
  };
  const ChannelGroup group{running.mean().subspan(norm.offset, norm.channels),
                           part(stats_.site_mean), part(stats_.site_variance),
                           part(stats_.site_spread)};
  return compute_evidence(group, running.images(), rule_.doubt);
}

// gamma (a (x - m) + m + share (source - m)) + beta, x what the norm gives before gamma and beta.
void AlignedNorms::align_affine(const Aligned& norm, double share, const RunningMoments& running) {
  const std::vector<float>& gamma = slots_[norm.first_slot].neutral;
  const std::vector<float>& beta = slots_[norm.second_slot].neutral;
  for (std::size_t i = 0; i < norm.channels; ++i) {
    const std::size_t c = norm.offset + i;
    const ChannelMoments source{static_cast<double>(stats_.site_mean[c]),
                                static_cast<double>(stats_.site_variance[c])};
    const ChannelMoments target{running.mean()[c],
                                rule_.scale ? running.variance(c) : source.variance};
    const ChannelMap map = align_channel(target, source, share, rule_.clamp);
    first_[c] = static_cast<float>(static_cast<double>(gamma[i]) * map.scale);
    second_[c] = static_cast<float>(static_cast<double>(beta[i]) +
                                    static_cast<double>(gamma[i]) * map.offset);
  }
}

// A BatchNorm normalises with the blend itself.
void AlignedNorms::align_statistics(const Aligned& norm,
                                    double share,
                                    const RunningMoments& running) {
  for (std::size_t c = norm.offset; c < norm.offset + norm.channels; ++c) {
    first_[c] = static_cast<float>((1 - share) * static_cast<double>(stats_.site_mean[c]) +
                                   share * running.mean()[c]);
    second_[c] = static_cast<float>((1 - share) * static_cast<double>(stats_.site_variance[c]) +
                                    share * running.variance(c));
  }
}

void AlignedNorms::fill(SlotValues& values, const RunningMoments& running) {
  for (const Aligned& norm : norms_) {
    const double share = rule_.share * evidence_of(norm, running);
    if (batch_norms_) {
      align_statistics(norm, share, running);
    } else {
      align_affine(norm, share, running);
    }
    values[norm.first_slot] = std::span(first_).subspan(norm.offset, norm.channels);
    values[norm.second_slot] = std::span(second_).subspan(norm.offset, norm.channels);
  }
}

}  // namespace zoa
