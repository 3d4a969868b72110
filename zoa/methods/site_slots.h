// SPDX-License-Identifier: Apache-2.0
// Where the corrections of a site stand among the slots, and a check of the source statistics.
#pragma once

#include <cstddef>

#include "zoa/core/forward.h"

namespace zoa {

/// Indices in ModelInfo::slots.
struct SiteSlots {
  std::size_t factor = 0;  ///< scale or matrix, by the site's form
  std::size_t offset = 0;
};

/// Throws  UnsupportedModel if the engine offers no such slots.
SiteSlots find_site_slots(const ModelInfo& model, const SiteInfo& site);

/// Throws  StateMismatch if the statistics are not those of the model's sites.
void check_site_stats(const ModelInfo& model, const SourceStats& stats);

}  // namespace zoa
