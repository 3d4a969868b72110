// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the one-sided zeroth-order step (SPSA): two losses and a direction become an
// update. Used by ZOA for the norm offsets and for the weights of its bank.
#pragma once

#include <span>

namespace zoa {

/// What one estimate needs. NaN goes through everywhere: the caller decides.
struct SpsaStep {
  double loss_difference = 0;  ///< perturbed minus unperturbed, nats per image
  double radius = 0;           ///< c: the perturbation is c * direction
  double lr = 0;
  double wd = 0;
};

/// Plain SGD with L2 weight decay: g = difference / (c * d) elementwise,
/// out = old - lr * (g + wd * old).
/// old, out   (P) f32, out may be old
/// direction  (P), no component zero
/// Source  ZOA paper; no momentum.
void update_offsets(const SpsaStep& step,
                    std::span<const float> old,
                    std::span<const double> direction,
                    std::span<float> out);

/// AdamW whose state is cleared after every step, which is a step of size lr against the sign of g:
/// out = old * (1 - lr * wd) - lr * g / (|g| + 1e-8).
/// old, direction, out  (M + 1), out may be old
/// Source  ZOA reference implementation: it makes a new optimizer for every batch.
void update_alpha(const SpsaStep& step,
                  std::span<const double> old,
                  std::span<const double> direction,
                  std::span<double> out);

}  // namespace zoa
