// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/trials.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "zoa/methods/loss.h"

namespace zoa {
namespace {

double rank(double loss) {
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

}  // namespace

void Trials::evaluate(std::vector<double> candidate, bool injected) {
  PassOutput output = run_(candidate);
  const std::span<const float> answer = output.answer;
  if (options_.shifted_entropy) {
    output.logits = answer;
  }
  const BatchLoss loss = compute_fitness(model_, stats_, options_.lambda, output);
  if (result_.logits.empty() || rank(loss.total) < rank(result_.loss)) {
    result_.logits.assign(answer.begin(), answer.end());
    result_.loss = loss.total;
    result_.entropy = loss.entropy;
    result_.discrepancy = loss.discrepancy;
  }
  const TapInfo& tap = model_.taps.back();
  const auto mean = std::span(loss.moments.mean).subspan(tap.offset, tap.width);
  trials_.push_back({std::move(candidate), injected, loss.total, {mean.begin(), mean.end()}});
}

std::vector<std::size_t> Trials::order() const {
  std::vector<std::size_t> order(trials_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double first = rank(trials_[a].loss);
    const double second = rank(trials_[b].loss);
    return first < second || (first == second && a < b);
  });
  return order;
}

void Trials::keep_best(std::size_t count) {
  std::vector<Trial> kept;
  kept.reserve(count);
  for (const std::size_t index : order()) {
    if (kept.size() < count) {
      kept.push_back(std::move(trials_[index]));
    }
  }
  trials_ = std::move(kept);
}

std::size_t Trials::num_finite() const {
  return static_cast<std::size_t>(
      std::count_if(trials_.begin(), trials_.end(),
                    [](const Trial& trial) { return std::isfinite(trial.loss); }));
}

std::vector<double> Trials::feature_mean() const {
  std::vector<double> mean(model_.taps.back().width);
  const auto count = static_cast<double>(num_finite());
  for (const Trial& trial : trials_) {
    for (std::size_t i = 0; i < mean.size() && std::isfinite(trial.loss); ++i) {
      mean[i] += trial.feature_mean[i] / count;
    }
  }
  return mean;
}

}  // namespace zoa
