// SPDX-License-Identifier: Apache-2.0
// FOZO: prompt tokens moved by a two-sided zeroth-order step, two passes per batch; the answer is
// that of the better side. docs/methods/fozo.md.
// FOZO, CVPR 2026; the facts are those of its published code (eVI-group-SCU/FOZO).
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct FozoOptions {
  double lambda = 0.4;
  double eps = 0.5;
  double least_eps = 0.2;
  double eps_decay = 0.9;
  double lr = 0.08;
  double least_lr = 0.1;
  double most_lr = 3;
  double lr_step = 0.1;
  double lr_decay = 0.7;
  double loss_momentum = 0.1;
  double alarm = 1.05;
  std::int64_t prompts = 3;
  double init = 0.0625;
  double shift_momentum = 0.1;
  bool doubled_shift = false;

  template <class F>
  void visit(F&& f) {
    f(lambda, OptionMeta{"lambda", "weight of the feature statistics in the loss", 0, 1e6});
    f(eps,
      OptionMeta{"eps", "radius of the perturbation at the start and after a rise", 1e-6, 1e3});
    f(least_eps, OptionMeta{"least_eps", "floor of the radius", 1e-6, 1e3});
    f(eps_decay, OptionMeta{"eps_decay", "factor of the radius per batch", 0, 1});
    f(lr, OptionMeta{"lr", "step size before the first batch", 0, 1e3});
    f(least_lr,
      OptionMeta{"least_lr", "floor of the step size, and its value after a rise", 0, 1e3});
    f(most_lr, OptionMeta{"most_lr", "ceiling of the step size", 0, 1e3});
    f(lr_step, OptionMeta{"lr_step", "added to the step size per batch", 0, 1e3});
    f(lr_decay, OptionMeta{"lr_decay", "factor of the step size per batch", 0, 1});
    f(loss_momentum, OptionMeta{"loss_momentum", "share of a batch in the mean loss", 0, 1});
    f(alarm, OptionMeta{"alarm", "a loss above this many times the mean is a rise", 1, 1e3});
    f(prompts, OptionMeta{"prompts", "prompt tokens", 1, 64});
    f(init, OptionMeta{"init", "prompts start uniform between - and + this", 0, 1e3});
    f(shift_momentum, OptionMeta{"shift_momentum", "share of a batch in the feature mean", 0, 1});
    f(doubled_shift, OptionMeta{"doubled_shift", "add both sides' means, as the reference", 0, 1});
  }
};

/// Published settings; `init` follows the width of the tokens.
FozoOptions default_fozo_options(const ModelInfo& model);

/// Throws  UnsupportedModel for a CNN.
MethodInfo fozo_info(const FozoOptions& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range; UnsupportedModel for a CNN or a model without
///         features or the slots asked for; StateMismatch for statistics of another model.
std::unique_ptr<Method> make_fozo(const FozoOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats);

}  // namespace zoa
