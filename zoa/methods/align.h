// SPDX-License-Identifier: Apache-2.0
// align: what norms give is led back towards the statistics of clean data, in closed form, by the
// statistics of the stream so far; one pass. A method of ours: docs/methods/align.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "zoa/methods/method.h"

namespace zoa {

struct AlignOptions {
  double lam = 0.5;
  bool scale = false;
  double own = 0;
  double shift = 1;
  double momentum = 0.2;
  double prior = 16;
  double doubt = 2;
  double clamp = 3;
  bool restart = true;
  double threshold = 0.1;
  double stem_momentum = 0.2;
  std::int64_t domain_batch = 64;
  std::string norms;

  template <class F>
  void visit(F&& f) {
    f(lam, OptionMeta{"lam", "how far norms move to clean statistics; 0 = not", 0, 1});
    f(scale, OptionMeta{"scale", "LayerNorm: deviations too, not means alone"});
    f(own, OptionMeta{"own", "BatchNorm: share of a batch of 64 in its own statistics", 0, 0.99});
    f(shift, OptionMeta{"shift", "how far the last feature moves to clean data; 0 = not", 0, 1});
    f(momentum, OptionMeta{"momentum", "share of 64 images in the statistics", 1e-6, 1});
    f(prior, OptionMeta{"prior", "images that clean data count for in a new domain", 0, 1e9});
    f(doubt, OptionMeta{"doubt", "differences count beyond so many times chance", 0, 1e6});
    f(clamp, OptionMeta{"clamp", "most that a deviation is scaled by", 1, 1e6});
    f(restart, OptionMeta{"restart", "a batch that begins a domain is run twice"});
    f(threshold, OptionMeta{"threshold", "stem distance from which a domain is new", 0, 1e9});
    f(stem_momentum, OptionMeta{"stem_momentum", "share of a window in the stem's mean", 0, 1});
    f(domain_batch, OptionMeta{"domain_batch", "images that are compared at a time", 1, 1e6});
    f(norms, OptionMeta{"norms", "LayerNorm, GroupNorm: which, a regular expression"});
  }
};

/// Chosen on four corruptions that are not among the fifteen of the tables.
AlignOptions default_align_options(const ModelInfo& model);
MethodInfo align_info(const AlignOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range, UnsupportedModel for a model without features
///         or norms to align, StateMismatch for source statistics of another model.
std::unique_ptr<Method> make_align(const AlignOptions& options,
                                   std::uint64_t seed,
                                   const ModelInfo& model,
                                   const SourceStats& stats);

}  // namespace zoa
