// SPDX-License-Identifier: Apache-2.0
// BN-EMA: the BatchNorms' running statistics follow the stream; a batch first updates them and is
// then answered with them. docs/methods/bn-ema.md.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct BnEmaOptions {
  double momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(momentum, OptionMeta{"momentum", "share of a batch in the running statistics", 0, 1});
  }
};

BnEmaOptions default_bn_ema_options(const ModelInfo& model);

/// Throws  UnsupportedModel for a known model without BatchNorm.
MethodInfo bn_ema_info(const BnEmaOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes or BatchNorm; Internal if the engine does
///         not measure what each BatchNorm reads.
std::unique_ptr<Method> make_bn_ema(const BnEmaOptions& options,
                                    std::uint64_t seed,
                                    const ModelInfo& model,
                                    const SourceStats& stats);

}  // namespace zoa
