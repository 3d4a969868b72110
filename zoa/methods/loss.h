// SPDX-License-Identifier: Apache-2.0
// The loss of a batch without labels: entropy of the answers plus the distance between the
// features' statistics and those of clean data. Sums are taken in double and in a fixed order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zoa/core/forward.h"

namespace zoa {

/// Mean entropy of softmax(logits), nats per image.
/// logits  (B, K) f32. NaN goes through.
double compute_entropy(std::span<const float> logits, std::size_t classes);

/// Softmax probability of the largest logit of a row (K), which is `largest`; 1 / K if a value is
/// not finite.
double top_probability(std::span<const float> row, float largest);

struct BatchMoments {
  std::vector<double> mean;       ///< (width)
  std::vector<double> deviation;  ///< (width), unbiased; empty for a batch of one
};

/// Statistics over the batch, per feature. rows  (B, width) f32.
BatchMoments compute_moments(std::span<const float> rows, std::size_t width);

/// D: mean squared error of std plus that of mean. A transformer takes one mean over all features,
/// a CNN the mean over its taps of the mean within each. Without a std only the mean's error
/// counts.
/// Source  ZOA paper (after FOA's); docs/methods/zoa.md.
double compute_discrepancy(const ModelInfo& model,
                           const BatchMoments& moments,
                           const SourceStats& source);

struct BatchLoss {
  double total = 0;  ///< entropy + lambda * discrepancy
  double entropy = 0;
  double discrepancy = 0;
  BatchMoments moments;  ///< of the taps
};

/// entropy  nats per image, mean;  moments  of the taps
BatchLoss compute_loss(const ModelInfo& model,
                       const SourceStats& source,
                       double lambda,
                       double entropy,
                       BatchMoments moments);

/// Throws  Internal if the sizes of the output do not fit the model.
BatchLoss compute_loss(const ModelInfo& model,
                       const SourceStats& source,
                       double lambda,
                       const PassOutput& output);

/// The fitness of FOA, FOZO and PACE divided by the number of images B. Transformer:
/// sum_i H_i + lambda (B / 64) (|std - std_source|^2 + |mean - mean_source|^2), summed over all
/// features, which is compute_loss() with lambda * tap_width / 64. CNN: compute_loss() with lambda.
/// Source  FOA paper and code, and FOA's CNN form in ZOA's code; docs/methods/foa.md.
BatchLoss compute_fitness(const ModelInfo& model,
                          const SourceStats& source,
                          double lambda,
                          const PassOutput& output);

/// What every loss over taps needs.
/// Throws  UnsupportedModel for a model without features or classes, StateMismatch for statistics
///         of another width.
void check_loss(const ModelInfo& model, const SourceStats& source);

}  // namespace zoa
