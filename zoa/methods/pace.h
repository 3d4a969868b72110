// SPDX-License-Identifier: Apache-2.0
// PACE: an evolution strategy in a random subspace of the norms' affine parameters, a bank of where
// it stood in earlier domains, and a rule when to stop searching. docs/methods/pace.md.
// "Subspace Optimization for Backpropagation-Free Continual Test-Time Adaptation", arXiv
// 2603.28678.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "zoa/methods/method.h"

namespace zoa {

struct PaceOptions {
  std::int64_t passes = 28;
  std::int64_t extra_probes = 0;
  double lambda = 0.4;
  std::int64_t width = 2304;
  double sigma = 0.05;
  std::string strategy = "isotropic";
  double threshold = 0.03;
  std::int64_t domain_batch = 64;
  std::int64_t bank_size = 30;
  double stop = 0.045;
  double shift_momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(passes,
      OptionMeta{"passes", "passes per batch: candidates and the best one so far", 2, 4096});
    f(extra_probes,
      OptionMeta{"extra_probes", "more passes after a change, to probe the bank", 0, 4096});
    f(lambda, OptionMeta{"lambda", "weight of the feature statistics in the fitness", 0, 1e6});
    f(width, OptionMeta{"width", "dimension of the subspace that is searched", 1, 1e6});
    f(sigma, OptionMeta{"sigma", "step size of the search at the start of a domain", 1e-8, 1e3});
    f(strategy, OptionMeta{"strategy", "covariance of the search: isotropic, separable, full"});
    f(threshold, OptionMeta{"threshold", "stem distance above which the domain has changed", 0});
    f(domain_batch, OptionMeta{"domain_batch", "least batch that is tested for a change", 1, 1e9});
    f(bank_size, OptionMeta{"bank_size", "most entries of the bank of domains", 0, 4096});
    f(stop, OptionMeta{"stop", "search ends when its mean moves by less than this share", 0, 1e3});
    f(shift_momentum, OptionMeta{"shift_momentum", "share of a batch in the feature mean", 0, 1});
  }
};

/// Published settings; what is not published for a CNN is zoa's (lambda, threshold).
PaceOptions default_pace_options(const ModelInfo& model);
MethodInfo pace_info(const PaceOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range or a full covariance of too many parameters;
///         UnsupportedModel for a model without norm slots or features; StateMismatch if the
///         statistics are not those of this model.
std::unique_ptr<Method> make_pace(const PaceOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats);

}  // namespace zoa
