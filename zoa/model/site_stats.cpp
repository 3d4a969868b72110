// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/site_stats.h"

#include <string_view>

#include "zoa/core/error.h"

namespace zoa {

namespace {

constexpr std::string_view kPrefix = "site.";
constexpr std::string_view kMean = ".mean";
constexpr std::string_view kVariance = ".variance";
constexpr std::string_view kCovariance = ".covariance";
constexpr std::string_view kSpread = ".spread";

std::string site_key(const std::string& name, std::string_view what) {
  return std::string(kPrefix) + name + std::string(what);
}

std::vector<float> take_values(const Safetensors& file,
                               const std::string& key,
                               std::size_t size,
                               const std::string& where) {
  auto values = take_f32(file, key, where);
  if (values.size() != size) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' has ", values.size(),
         " values; expected ", size);
  }
  return values;
}

const SiteStats& find_site(const SiteStatsMap& sites, const ModelInfo& info, const SiteInfo& site) {
  const auto found = sites.find(site.name);
  if (found == sites.end() || found->second.mean.size() != site.channels) {
    fail(ErrorCode::StateMismatch, info.name, ": no source statistics of '", site.name,
         "'; collect them with 'zoa quantize' (--bits keep for a network that is quantized)");
  }
  if (site.covariance && found->second.covariance.empty()) {
    fail(ErrorCode::StateMismatch, info.name, ": no covariance of '", site.name,
         "' among the source statistics; collect it with 'zoa quantize --covariance'");
  }
  return found->second;
}

// What a BatchNorm normalises with as shipped: the neutral values of its slots.
SiteStats shipped_statistics(const SiteStatsMap& sites,
                             const ModelInfo& info,
                             const SiteInfo& site) {
  SiteStats stats{std::vector<float>(site.channels), std::vector<float>(site.channels), {}};
  if (const auto found = sites.find(site.name);
      found != sites.end() && found->second.spread.size() == site.channels) {
    stats.spread = found->second.spread;
  }
  for (const SlotInfo& slot : info.slots) {
    if (slot.layer + ".norm" != site.name) {
      continue;
    }
    if (slot.kind == SlotKind::NormMean) {
      stats.mean = slot.neutral;
    } else if (slot.kind == SlotKind::NormVariance) {
      stats.variance = slot.neutral;
    }
  }
  return stats;
}

}  // namespace

void put_site_stats(Safetensors& file, const SiteStatsMap& sites) {
  for (const auto& [name, stats] : sites) {
    file.tensors[site_key(name, kMean)] = make_tensor(std::span<const float>(stats.mean));
    file.tensors[site_key(name, kVariance)] = make_tensor(std::span<const float>(stats.variance));
    if (!stats.covariance.empty()) {
      file.tensors[site_key(name, kCovariance)] =
          make_tensor(std::span<const float>(stats.covariance));
    }
    if (!stats.spread.empty()) {
      file.tensors[site_key(name, kSpread)] = make_tensor(std::span<const float>(stats.spread));
    }
  }
}

SiteStatsMap take_site_stats(const Safetensors& file, const std::string& where) {
  SiteStatsMap sites;
  for (const auto& [key, tensor] : file.tensors) {
    if (!key.starts_with(kPrefix) || !key.ends_with(kMean)) {
      continue;
    }
    const std::string name = key.substr(kPrefix.size(), key.size() - kPrefix.size() - kMean.size());
    SiteStats& stats = sites[name];
    stats.mean = take_f32(file, key, where);
    stats.variance = take_values(file, site_key(name, kVariance), stats.mean.size(), where);
    const std::string covariance = site_key(name, kCovariance);
    if (file.tensors.count(covariance) != 0) {
      stats.covariance =
          take_values(file, covariance, stats.mean.size() * stats.mean.size(), where);
    }
    const std::string spread = site_key(name, kSpread);
    if (file.tensors.count(spread) != 0) {
      stats.spread = take_values(file, spread, stats.mean.size(), where);
    }
  }
  return sites;
}

void pick_site_stats(const SiteStatsMap& sites, const ModelInfo& info, SourceStats& stats) {
  stats.site_mean.clear();
  stats.site_variance.clear();
  stats.site_covariance.clear();
  stats.site_spread.clear();
  for (const SiteInfo& site : info.sites) {
    const SiteStats picked = site.kind == SiteKind::NormInput
                                 ? shipped_statistics(sites, info, site)
                                 : find_site(sites, info, site);
    stats.site_mean.insert(stats.site_mean.end(), picked.mean.begin(), picked.mean.end());
    stats.site_variance.insert(stats.site_variance.end(), picked.variance.begin(),
                               picked.variance.end());
    stats.site_spread.insert(stats.site_spread.end(), picked.spread.begin(), picked.spread.end());
    stats.site_spread.resize(stats.site_mean.size(), 0.0F);
    for (std::size_t i = 0; site.covariance && i < site.channels * site.group; ++i) {
      const std::size_t row = i / site.group;
      const std::size_t column = row / site.group * site.group + i % site.group;
      stats.site_covariance.push_back(
          picked.covariance.empty() ? 0.0F : picked.covariance[row * site.channels + column]);
    }
  }
}

}  // namespace zoa
