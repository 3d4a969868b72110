// SPDX-License-Identifier: Apache-2.0
// Statistics of clean data that adaptation compares against, collected with the network as it will
// run.
#pragma once

#include "zoa/model/model_ov.h"
#include "zoa/quantize/observe_ov.h"

namespace zoa {

/// Mean and standard deviation per channel of every folded norm's output, over images and
/// positions.
FoldedStats collect_folded_stats(const ModelGraph& graph, const CalibrationData& calibration);

/// Mean and unbiased standard deviation of every tap feature over the images.
/// batch_statistics  with BatchNorms on the statistics of batches of 64 (paper: 25 such batches)
SourceStats collect_source_stats(const Model& model,
                                 const CalibrationData& calibration,
                                 bool batch_statistics);

/// Mean and variance over images and positions at every site (core/forward.h).
/// covariance  of the blocks' outputs too: C * C numbers a block
SiteStatsMap collect_site_stats(const Model& model,
                                const CalibrationData& calibration,
                                bool covariance);

}  // namespace zoa
