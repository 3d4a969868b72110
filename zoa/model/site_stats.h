// SPDX-License-Identifier: Apache-2.0
// Statistics of clean data at a network's sites (core/forward.h): kept by name in the model folder,
// picked for the sites that an engine offers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/core/safetensors.h"

namespace zoa {

struct SiteStats {
  std::vector<float> mean;         ///< (C)
  std::vector<float> variance;     ///< (C), biased
  std::vector<float> covariance;   ///< (C, C), biased; empty where it was not collected
  std::vector<float> spread = {};  ///< (C) variance over images of each one's mean, unbiased; empty
                                   ///< where it was not collected
};

using SiteStatsMap = std::map<std::string, SiteStats>;  ///< by SiteInfo::name

void put_site_stats(Safetensors& file, const SiteStatsMap& sites);

/// Throws  BadFile for tensors whose sizes do not fit each other, or values that are not finite.
SiteStatsMap take_site_stats(const Safetensors& file, const std::string& where);

/// Fills the site fields of `stats` for the sites of `info`; those of BatchNorm inputs come from
/// the neutral values of the norms' slots, or stay zero where these are not offered. Throws
/// StateMismatch if a site, or a covariance that is asked for, was not collected.
void pick_site_stats(const SiteStatsMap& sites, const ModelInfo& info, SourceStats& stats);

}  // namespace zoa
