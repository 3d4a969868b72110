// SPDX-License-Identifier: Apache-2.0
// PEA: a plain pass finds how far each block is from clean data, a second pass moves the blocks'
// outputs back by that much. docs/methods/pea.md.
// "Architecture-Agnostic Test-Time Adaptation via Backprop-Free Embedding Alignment", ICLR 2026.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "zoa/methods/method.h"
#include "zoa/methods/pea_options.h"

namespace zoa {

MethodInfo pea_info(const PeaOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range, UnsupportedModel for a model without blocks,
///         StateMismatch for source statistics of another model.
std::unique_ptr<Method> make_pea(const PeaOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats);

/// Scores moved and scaled to [0, 1]; all 0 where they are equal.
std::vector<double> compute_pea_weights(const std::vector<double>& scores);

}  // namespace zoa
