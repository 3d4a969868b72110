// SPDX-License-Identifier: Apache-2.0
// ZOA: two forward passes per batch, one update of the norms' affine parameters, a bank of what
// earlier domains taught. Math and options: docs/methods/zoa.md.
// "Test-Time Model Adaptation for Quantized Neural Networks", ACM MM 2025, arXiv 2508.02180.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/directions.h"
#include "zoa/methods/method.h"
#include "zoa/methods/zoa_options.h"

namespace zoa {

MethodInfo zoa_info(const ZoaOptions& options, const ModelInfo& model);

/// directions  recorded ones for conformance tests; without them they come from the seed
/// Throws  InvalidArgument for options out of range, UnsupportedModel for a model without norm
///         slots or taps, StateMismatch for source statistics of another width.
std::unique_ptr<Method> make_zoa(const ZoaOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats,
                                 std::unique_ptr<Directions> directions = nullptr);

/// The table's form: directions from the seed.
std::unique_ptr<Method> make_zoa_method(const ZoaOptions& options,
                                        std::uint64_t seed,
                                        const ModelInfo& model,
                                        const SourceStats& stats);

}  // namespace zoa
