// SPDX-License-Identifier: Apache-2.0
// EVA-0: two passes at w + c u and w - c u with a direction u for every image, so that a batch
// brings as many derivatives as it has images. Our reading of an abstract and of a re-use of the
// method: docs/methods/eva0.md says which constants are ours. arXiv 2605.18867.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "zoa/methods/method.h"

namespace zoa {

struct Eva0Options {
  double lambda = 1;
  double c = 0.02;
  double lr = 1e-3;
  double decay = 0.999;
  double ball = 0.05;
  double max_step = 1;
  std::int64_t anchor_every = 4;

  template <class F>
  void visit(F&& f) {
    f(lambda, OptionMeta{"lambda", "weight of the features' distance in the loss", 0, 1e6});
    f(c, OptionMeta{"c", "radius of the perturbation of the norm offsets", 1e-8, 10});
    f(lr, OptionMeta{"lr", "step size of the norm offsets", 0, 1});
    f(decay, OptionMeta{"decay", "factor of the offsets at each step", 0, 1});
    f(ball, OptionMeta{"ball", "largest root mean square of the offsets", 0, 1e3});
    f(max_step, OptionMeta{"max_step", "largest norm of a step", 0, 1e6});
    f(anchor_every, OptionMeta{"anchor_every", "each so many-th direction is the anchor line", 1});
  }
};

Eva0Options default_eva0_options(const ModelInfo& model);
MethodInfo eva0_info(const Eva0Options& options, const ModelInfo& model);

/// Throws  InvalidArgument for options out of range, UnsupportedModel for a model without norm
///         slots or taps, StateMismatch for source statistics of another width.
std::unique_ptr<Method> make_eva0(const Eva0Options& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats);

/// Random signs of an image, (P): a function of seed, step, image and index.
void fill_signs(std::uint64_t seed, std::uint64_t step, std::size_t image, std::span<float> out);

/// Entropy, nats, of softmax(logits * r) where r gives the logits, less their mean, the root mean
/// square that those of `mean_logits` have. Zero logits stay as they are.
double compute_scaled_entropy(std::span<const float> logits, std::span<const double> mean_logits);

}  // namespace zoa
