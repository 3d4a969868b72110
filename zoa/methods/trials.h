// SPDX-License-Identifier: Apache-2.0
// Candidates tried on one batch, for foa, fozo and pace: a pass each, FOA's fitness, the answer of
// the best one.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "zoa/methods/method.h"

namespace zoa {

struct TrialOptions {
  double lambda = 0.4;           ///< weight of the feature statistics
  bool shifted_entropy = false;  ///< entropy of the answer instead of the unshifted logits
};

struct Trial {
  std::vector<double> candidate;
  bool injected = false;             ///< not drawn by the search
  double loss = 0;                   ///< fitness per image
  std::vector<double> feature_mean;  ///< of the last feature over the batch
};

class Trials {
 public:
  /// Runs the pass of a candidate.
  using Run = std::function<PassOutput(std::span<const double>)>;

  /// model, stats  must live as long as this.
  Trials(const ModelInfo& model, const SourceStats& stats, const TrialOptions& options, Run run)
      : model_(model), stats_(stats), options_(options), run_(std::move(run)) {}

  void evaluate(std::vector<double> candidate, bool injected = false);

  /// Forgets all but the `count` best trials; the answer stays that of the best.
  void keep_best(std::size_t count);

  const std::vector<Trial>& all() const { return trials_; }

  /// Indices by loss, the lowest first; of equal ones the earlier first; those that are not finite
  /// last.
  std::vector<std::size_t> order() const;

  /// Trials with a finite loss.
  std::size_t num_finite() const;

  /// Answer, loss, entropy and discrepancy of the best trial; of the first where none is finite.
  const StepResult& result() const { return result_; }

  /// Mean of the last feature over the batch, mean over the trials with a finite loss, (D).
  std::vector<double> feature_mean() const;

 private:
  const ModelInfo& model_;
  const SourceStats& stats_;
  TrialOptions options_;
  Run run_;
  std::vector<Trial> trials_;
  StepResult result_;
};

}  // namespace zoa
