// SPDX-License-Identifier: Apache-2.0
// CoLA's forward-only agent: mixes what others have learnt in earlier domains by how near those
// domains are; one pass per batch, nothing is learnt here. The knowledge comes from a saved state
// of method zoa. docs/methods/cola-fp.md.
// "Cross-Device Collaborative Test-Time Adaptation", NeurIPS 2024.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct ColaFpOptions {
  double temperature = 5;
  double zero_distance = 0.1;
  double stem_momentum = 0.2;
  std::int64_t domain_batch = 64;
  bool shift = false;
  double shift_momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(temperature, OptionMeta{"temperature", "divides 1 / distance before the softmax", 1e-3, 1e6});
    f(zero_distance, OptionMeta{"zero_distance", "distance of the model as shipped", 0, 1e9});
    f(stem_momentum, OptionMeta{"stem_momentum", "share of a batch in the stem statistics", 0, 1});
    f(domain_batch, OptionMeta{"domain_batch", "least batch that is measured", 1, 1e9});
    f(shift, OptionMeta{"shift", "move the last feature's mean back to clean data's", 0, 1});
    f(shift_momentum, OptionMeta{"shift_momentum", "share of a batch in the feature mean", 0, 1});
  }
};

ColaFpOptions default_cola_fp_options(const ModelInfo& model);
MethodInfo cola_fp_info(const ColaFpOptions& options, const ModelInfo& model);

/// load() takes a state of its own or one saved by zoa on the same network. reset() forgets the
/// stream (statistics of stem and feature) and keeps the knowledge, which is not of the stream.
/// Throws  UnsupportedModel for a model without norm slots or a measured stem.
std::unique_ptr<Method> make_cola_fp(const ColaFpOptions& options,
                                     std::uint64_t seed,
                                     const ModelInfo& model,
                                     const SourceStats& stats);

}  // namespace zoa
