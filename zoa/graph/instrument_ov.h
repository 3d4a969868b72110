// SPDX-License-Identifier: Apache-2.0
// Gives a network its slots, taps and stem statistics: the graph that the engine cuts and compiles.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/graph/structure_ov.h"

namespace zoa {

/// Mean and standard deviation per channel of a folded norm's output over source data, by graph
/// name.
struct ChannelStats {
  std::vector<float> mean;
  std::vector<float> std;
};
using FoldedStats = std::map<std::string, ChannelStats>;

struct InstrumentOptions {
  bool batch_statistics = false;  ///< BatchNorms normalise with the statistics of the batch
  bool norm_slots = false;
  bool norm_statistics = false;  ///< mean and variance of BatchNorms are slots
  bool norm_mix = false;         ///< with them the share of the batch's own statistics
  std::size_t prompts = 0;       ///< tokens behind the class token
  bool input_filter = false;
  std::vector<SiteRequest> sites;
  bool shift_slot = false;
  bool taps = false;
  bool stem = false;
  bool per_sample = false;  ///< slots of shape [B, ..] instead of one row for all images
  FoldedStats folded;       ///< needed where folded norms get slots or batch statistics
};

/// Names of the outputs of an instrumented model.
inline constexpr char kLogitsOutput[] = "logits";
inline constexpr char kAnswerOutput[] = "answer";
inline constexpr char kTapsOutput[] = "taps";
inline constexpr char kStemMeanOutput[] = "stem_mean";  ///< (B, C) mean over positions
inline constexpr char kStemVarOutput[] = "stem_var";    ///< (B, C) biased variance over positions
/// PassOutput::site_mean and its like, (1, ..); means and variances (B, ..) of each image where the
/// site asks for the spread or no variance. Sites that no slot changes end up in the prefix, so
/// each has outputs of its own: the name and the site's number.
inline constexpr char kSiteMeanOutput[] = "site_mean.";
inline constexpr char kSiteVarianceOutput[] = "site_variance.";
inline constexpr char kSiteCovarianceOutput[] = "site_covariance.";

struct Instrumented {
  std::shared_ptr<ov::Model> model;  ///< Parameters: the image, then one per slot
  std::vector<SlotInfo> slots;
  std::vector<TapInfo> taps;
  std::vector<SiteInfo> sites;
};

/// Rewrites `model` (fixed batch, from with_batch) in place; `structure` must come from this very
/// graph.
Instrumented instrument(const std::shared_ptr<ov::Model>& model,
                        const Structure& structure,
                        const InstrumentOptions& options);

}  // namespace zoa
