// SPDX-License-Identifier: Apache-2.0
// NEO and NEO-Continual: the features of the stream are centred at the origin before the head reads
// them. No source data. docs/methods/neo.md.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct NeoOptions {
  bool continual = false;
  double momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(continual, OptionMeta{"continual", "forget earlier batches, as NEO-Continual does", 0, 1});
    f(momentum, OptionMeta{"momentum", "share of a batch in the centre, if continual", 0, 1});
  }
};

NeoOptions default_neo_options(const ModelInfo& model);
MethodInfo neo_info(const NeoOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes or features.
std::unique_ptr<Method> make_neo(const NeoOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats);

}  // namespace zoa
