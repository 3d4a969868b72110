// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_update.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "zoa/methods/parts.h"
#include "zoa/methods/spsa.h"

namespace zoa {
namespace {

std::vector<double> difference_of(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference[i] = a[i] - b[i];
  }
  return difference;
}

// eps moves by `factor` of these values.
void move_eps(KnowledgeBank& bank, const std::vector<double>& values, double factor) {
  std::vector<float> eps(bank.eps().begin(), bank.eps().end());
  for (std::size_t i = 0; i < eps.size(); ++i) {
    eps[i] = static_cast<float>(static_cast<double>(eps[i]) + factor * values[i]);
  }
  bank.assign({bank.alpha().begin(), bank.alpha().end()}, std::move(eps));
}

// The update as the whole offset before and after shows it: alpha moves it too.
void bound_step(KnowledgeBank& bank,
                const std::vector<double>& before,
                const StepLimits& limits,
                StepBounds& bounds) {
  std::vector<double> after = bank.total();
  const std::vector<double> step = difference_of(after, before);
  bounds.step_norm = norm_of(step);
  bounds.step = bounds.step_norm > limits.step_norm;
  if (bounds.step) {
    move_eps(bank, step, limits.step_norm / bounds.step_norm - 1);
    bounds.step_norm = limits.step_norm;
    after = bank.total();
  }
  bounds.offset_norm = norm_of(after);
  bounds.offset = bounds.offset_norm > limits.offset_norm;
  if (bounds.offset) {
    move_eps(bank, after, limits.offset_norm / bounds.offset_norm - 1);
    bounds.offset_norm = limits.offset_norm;
  }
}

}  // namespace

std::vector<double> perturbed_offsets(const KnowledgeBank& bank,
                                      const ZoaOptions& options,
                                      const ZoaDirections& directions) {
  std::vector<double> alpha(bank.alpha().begin(), bank.alpha().end());
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    alpha[i] += options.c_alpha * directions.alpha[i];
  }
  std::vector<double> offsets = bank.total(alpha);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    offsets[i] += options.c * directions.eps[i];
  }
  return offsets;
}

std::optional<StepBounds> update_bank(KnowledgeBank& bank,
                                      const ZoaOptions& options,
                                      const ZoaDirections& directions,
                                      double difference,
                                      const StepLimits& limits) {
  StepBounds bounds;
  bounds.difference = std::abs(difference) > limits.difference;
  const double used = std::clamp(difference, -limits.difference, limits.difference);
  std::vector<float> eps(bank.parameters());
  update_offsets({used, options.c, options.lr, options.wd}, bank.eps(), directions.eps, eps);
  if (!all_finite(eps)) {
    return std::nullopt;
  }
  const std::vector<double> before = bank.total();
  std::vector<double> alpha(bank.alpha().begin(), bank.alpha().end());
  if (bank.entries() > 0) {
    update_alpha({used, options.c_alpha, options.lr_alpha, options.wd_alpha}, bank.alpha(),
                 directions.alpha, alpha);
  }
  bank.assign(std::move(alpha), std::move(eps));
  bound_step(bank, before, limits, bounds);
  return bounds;
}

}  // namespace zoa
