// SPDX-License-Identifier: Apache-2.0
// Measures what quantizing each layer does to the answers, and keeps the worst layers at more bits
// until the loss of the whole network is small enough.
#pragma once

#include <vector>

#include "zoa/model/model_ov.h"
#include "zoa/quantize/bits.h"
#include "zoa/quantize/observe_ov.h"
#include "zoa/quantize/planner_ov.h"
#include "zoa/quantize/sensitivity.h"

namespace zoa {

/// One width per product of a planner.
struct PlannedWidths {
  std::vector<BitWidths> widths;
  std::vector<bool> fixed;  ///< by a rule of the user
};

/// Ranks the products: divergence of the logits with all others float, on the first 64 calibration
/// images (AdaQuant, HAWQ and NNCF rank alike; one layer at a time misses how errors add up, which
/// the search below measures). With options.max_drop > 0 the worst ones get 8 bits, as few as do,
/// then float: find_fewest on a ladder whose rungs change one product each, every rung on all
/// calibration images. planned.widths  are those of the rung found; if none will do, of the rung
/// with the least drop.
/// graph  the float network that the planner plans for
SensitivityReport search_widths(const ModelGraph& graph,
                                Planner& planner,
                                const CalibrationData& calibration,
                                PlannedWidths& planned);

/// Writes what was found into the layers: divergences, and why a layer is float.
void describe_layers(const SensitivityReport& sensitivity, std::vector<QuantizedLayer>& layers);

}  // namespace zoa
