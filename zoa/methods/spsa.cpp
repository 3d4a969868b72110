// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/spsa.h"

#include <cassert>
#include <cmath>
#include <cstddef>

namespace zoa {
namespace {

constexpr double kAdamEpsilon = 1e-8;  // torch's default, which the reference leaves as it is

}  // namespace

void update_offsets(const SpsaStep& step,
                    std::span<const float> old,
                    std::span<const double> direction,
                    std::span<float> out) {
  assert(old.size() == direction.size() && old.size() == out.size());
  for (std::size_t i = 0; i < old.size(); ++i) {
    const double present = static_cast<double>(old[i]);
    const double gradient = step.loss_difference / (step.radius * direction[i]);
    out[i] = static_cast<float>(present - step.lr * (gradient + step.wd * present));
  }
}

void update_alpha(const SpsaStep& step,
                  std::span<const double> old,
                  std::span<const double> direction,
                  std::span<double> out) {
  assert(old.size() == direction.size() && old.size() == out.size());
  for (std::size_t i = 0; i < old.size(); ++i) {
    const double gradient = step.loss_difference / (step.radius * direction[i]);
    out[i] =
        old[i] * (1 - step.lr * step.wd) - step.lr * gradient / (std::abs(gradient) + kAdamEpsilon);
  }
}

}  // namespace zoa
