// SPDX-License-Identifier: Apache-2.0
// FOA's activation shift alone: one pass whose answer has the last feature's mean moved back to
// where clean data had it. docs/methods/shift.md.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct ShiftOptions {
  double momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(momentum, OptionMeta{"momentum", "share of a batch in the feature mean", 0, 1});
  }
};

ShiftOptions default_shift_options(const ModelInfo& model);
MethodInfo shift_info(const ShiftOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes, features or the slot of the shift;
///         StateMismatch if the statistics are not those of this model.
std::unique_ptr<Method> make_shift(const ShiftOptions& options,
                                   std::uint64_t seed,
                                   const ModelInfo& model,
                                   const SourceStats& stats);

}  // namespace zoa
