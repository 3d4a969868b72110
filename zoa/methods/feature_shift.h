// SPDX-License-Identifier: Apache-2.0
// Activation shift: moves the last feature's mean back to where clean data had it, for the answer
// only. Part of ZOA, taken from FOA (ICML 2024, arXiv 2404.01650). A value that can be copied.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

class FeatureShift {
 public:
  /// source_mean  (D) of the last feature on clean data;  momentum  share of the batch in the mean
  FeatureShift(std::span<const float> source_mean, double momentum)
      : source_mean_(source_mean.begin(), source_mean.end()), momentum_(momentum) {}

  /// source mean - running mean, (D); empty (= neutral) before the first batch.
  /// Differs: for a CNN the reference subtracts the running mean from a single number of the source
  /// vector; we take the vector.
  std::vector<float> shift() const;

  /// Takes in a batch mean of the unshifted feature, (D). With `restart` the batch's own mean
  /// becomes the running one: a new domain begins. A mean that is not finite is left out.
  void observe(std::span<const double> batch_mean, bool restart);

  std::span<const double> running() const { return running_; }

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another width, BadFile for values that are not finite.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  std::vector<float> source_mean_;
  double momentum_;
  std::vector<double> running_;  // empty before the first batch
};

}  // namespace zoa
