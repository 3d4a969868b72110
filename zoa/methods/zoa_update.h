// SPDX-License-Identifier: Apache-2.0
// The arithmetic of one ZOA step on its bank: where the second pass looks, and what the two losses
// make of the offsets, within the bounds that a guard sets. Internal to zoa_method.cpp.
#pragma once

#include <optional>
#include <vector>

#include "zoa/methods/knowledge_bank.h"
#include "zoa/methods/method.h"
#include "zoa/methods/zoa_options.h"

namespace zoa {

struct ZoaDirections {
  std::vector<double> eps;    ///< (P)
  std::vector<double> alpha;  ///< (M + 1)
};

/// Offsets (P) of the second pass.
std::vector<double> perturbed_offsets(const KnowledgeBank& bank,
                                      const ZoaOptions& options,
                                      const ZoaDirections& directions);

/// Takes the step that the losses' difference (perturbed minus present) asks for. The bounds act in
/// this order: the difference is clipped, the update shortened, the whole offset drawn back to the
/// ball round the shipped parameters. Nothing is returned, and the bank left alone, if a number is
/// not finite.
std::optional<StepBounds> update_bank(KnowledgeBank& bank,
                                      const ZoaOptions& options,
                                      const ZoaDirections& directions,
                                      double difference,
                                      const StepLimits& limits);

}  // namespace zoa
