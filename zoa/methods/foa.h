// SPDX-License-Identifier: Apache-2.0
// FOA: an evolution strategy over a few prompt tokens (CNN: over a filter of the image), the answer
// of the best candidate with its activations shifted. docs/methods/foa.md.
// "Test-Time Model Adaptation with Only Forward Passes", ICML 2024, arXiv 2404.01650.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "zoa/methods/method.h"

namespace zoa {

struct FoaOptions {
  std::int64_t passes = 28;
  double lambda = 0.4;
  double sigma = 1;
  std::int64_t prompts = 3;
  std::string strategy = "isotropic";
  double shift_momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(passes,
      OptionMeta{"passes", "passes per batch: candidates and the best one so far", 2, 4096});
    f(lambda, OptionMeta{"lambda", "weight of the feature statistics in the fitness", 0, 1e6});
    f(sigma, OptionMeta{"sigma", "step size of the search at the start", 1e-8, 1e3});
    f(prompts, OptionMeta{"prompts", "prompt tokens (transformer)", 1, 64});
    f(strategy, OptionMeta{"strategy", "covariance of the search: isotropic, separable, full"});
    f(shift_momentum, OptionMeta{"shift_momentum", "share of a batch in the feature mean", 0, 1});
  }
};

/// Published settings; the CNN form searches with a diagonal covariance.
FoaOptions default_foa_options(const ModelInfo& model);
MethodInfo foa_info(const FoaOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range or a full covariance of too many parameters;
///         UnsupportedModel for a model without features or the slots asked for; StateMismatch if
///         the statistics are not those of this model.
std::unique_ptr<Method> make_foa(const FoaOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats);

}  // namespace zoa
