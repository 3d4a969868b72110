// SPDX-License-Identifier: Apache-2.0
// QuAR: moves what the quantizers of the last blocks read, and the last feature, back to the
// statistics of clean data; one pass. Built from one second-hand summary: docs/methods/quar.md says
// which constants are ours. arXiv 2610.08358.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct QuarOptions {
  double lam = 0.5;
  double lam_global = 1;
  double clamp = 3;
  double from_depth = 2.0 / 3;
  double momentum = 0.1;
  double prior = 16;

  template <class F>
  void visit(F&& f) {
    f(lam, OptionMeta{"lam", "how far layer inputs move to clean data; 0 = not", 0, 1});
    f(lam_global, OptionMeta{"lam_global", "how far the last feature moves; 0 = not", 0, 1});
    f(clamp, OptionMeta{"clamp", "most that a standard deviation is scaled by", 1, 1e6});
    f(from_depth, OptionMeta{"from_depth", "share of the blocks that is left alone", 0, 1});
    f(momentum, OptionMeta{"momentum", "share of 64 images in the statistics", 1e-6, 1});
    f(prior, OptionMeta{"prior", "images that clean data count for at the start", 0, 1e9});
  }
};

QuarOptions default_quar_options(const ModelInfo& model);
MethodInfo quar_info(const QuarOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range, UnsupportedModel for a model without taps or
///         sites, StateMismatch for source statistics of another model.
std::unique_ptr<Method> make_quar(const QuarOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats);

}  // namespace zoa
