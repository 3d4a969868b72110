// SPDX-License-Identifier: Apache-2.0
// Mean corruption error (mCE) of Hendrycks & Dietterich, Benchmarking Neural Network Robustness to
// Common Corruptions and Perturbations, ICLR 2019: errors relative to those of AlexNet, so that
// hard corruptions do not rule the mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "zoa/eval/record.h"

namespace zoa {

/// Error of AlexNet, mean over the five severities, 0..1, as the authors publish it with their code
/// (github.com/hendrycks/robustness); none for a name that is not one of their 15 corruptions.
std::optional<double> alexnet_error(const std::string& corruption);

struct Mce {
  double value = 0;             ///< 1 = as AlexNet
  std::size_t corruptions = 0;  ///< in the mean; the published figures have all 15
};

/// Mean over the corruptions of which all five severities are there (domains CORRUPTION@1 to
/// CORRUPTION@5 with labels). None for data that are not ImageNet-C: there is no reference for
/// them.
std::optional<Mce> compute_mce(const RunHeader& header, const MethodSummary& summary);

}  // namespace zoa
