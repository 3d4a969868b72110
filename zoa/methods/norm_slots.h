// SPDX-License-Identifier: Apache-2.0
// BatchNorms whose statistics a method sets: where their slots are and where their inputs are
// measured.
#pragma once

#include <cstddef>
#include <vector>

#include "zoa/methods/method.h"

namespace zoa {

struct NormSlots {
  std::size_t mean_slot = 0;
  std::size_t variance_slot = 0;
  std::size_t channels = 0;
  std::size_t first = 0;      ///< among all norms' channels
  std::size_t site = 0;       ///< first column in PassOutput::site_mean
  std::size_t positions = 1;  ///< rows that an image brings
};

/// All BatchNorms in network order. Throws  Internal if slots and measured inputs do not fit.
std::vector<NormSlots> find_norm_slots(const ModelInfo& model);

/// What the network ships, of all BatchNorms side by side.
struct ShippedNorms {
  std::vector<float> mean;
  std::vector<float> variance;
};
ShippedNorms shipped_norms(const ModelInfo& model, const std::vector<NormSlots>& norms);

/// Measured inputs of BatchNorms, for MethodInfo::sites.
SiteRequest norm_inputs();

}  // namespace zoa
