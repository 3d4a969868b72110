// SPDX-License-Identifier: Apache-2.0
// No adaptation: one pass with the model as shipped. The baseline of every table, and what a guard
// falls back to. docs/methods/noadapt.md.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct NoAdaptOptions {
  template <class F>
  void visit(F&& /*f*/) {}
};

NoAdaptOptions default_noadapt_options(const ModelInfo& model);
MethodInfo noadapt_info(const NoAdaptOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes.
std::unique_ptr<Method> make_noadapt(const NoAdaptOptions& options,
                                     std::uint64_t seed,
                                     const ModelInfo& model,
                                     const SourceStats& stats);

}  // namespace zoa
