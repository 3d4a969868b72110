// SPDX-License-Identifier: Apache-2.0
// LinearTCA: a linear map brings mean and covariance of the features to those of the surest samples
// seen, a stand-in for source data. Ours works online. docs/methods/lineartca.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "zoa/methods/method.h"

namespace zoa {

struct LinearTcaOptions {
  std::int64_t filter = 20;
  double ridge = 1;
  std::int64_t adam_steps = 0;
  double adam_lr = 1e-3;

  template <class F>
  void visit(F&& f) {
    f(filter, OptionMeta{"filter", "most samples of a class that stand for the source", 1, 10000});
    f(ridge, OptionMeta{"ridge", "closed form: added variance, in mean variances", 1e-6, 1e3});
    f(adam_steps, OptionMeta{"adam_steps", "0: closed form; published code: 20", 0, 10000});
    f(adam_lr, OptionMeta{"adam_lr", "step size of Adam", 0, 1});
  }
};

/// W of z' = (z - mean_T) W + mean_S, (D, D) row-major: (C_T + r I)^(-1/2) (C_S + r I)^(1/2) with
/// r = ridge * mean of C_T's diagonal, or from the identity by `adam_steps` steps of Adam on
/// |W' C_T W - C_S|^2. The identity where C_T is zero.
/// target, source  (D, D) covariances
std::vector<double> compute_alignment(const LinearTcaOptions& options,
                                      std::span<const double> target,
                                      std::span<const double> source,
                                      std::size_t width);

LinearTcaOptions default_linear_tca_options(const ModelInfo& model);
MethodInfo linear_tca_info(const LinearTcaOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes or features.
std::unique_ptr<Method> make_linear_tca(const LinearTcaOptions& options,
                                        std::uint64_t seed,
                                        const ModelInfo& model,
                                        const SourceStats& stats);

}  // namespace zoa
