// SPDX-License-Identifier: Apache-2.0
// Norms whose statistics are led back towards those of clean data: what their slots must hold for
// what the stream has shown so far, and how sure it is that the stream differs at all. Formulas:
// docs/methods/align.md. Part of the method align.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/methods/running_moments.h"

namespace zoa {

struct AlignRule {
  double share = 0.5;  ///< of the way to clean data's statistics
  bool scale = false;  ///< LayerNorm, GroupNorm: deviations too, not means alone
  double clamp = 3;    ///< most that a deviation is scaled by
  double doubt = 1;    ///< differences count beyond so many times what chance would make
};

/// A group of channels of the stream against clean data, (C) each.
struct ChannelGroup {
  std::span<const double> mean;     ///< of the stream
  std::span<const float> source;    ///< mean of clean data
  std::span<const float> variance;  ///< of clean data, of single values
  std::span<const float> spread;    ///< of clean data, of images' means
};

/// Share of the difference that chance does not explain, 0..1: max(0, 1 - doubt * e / f), where
/// f = sum_c (mean - source)^2 / variance is what was found and e = sum_c spread / variance /
/// images what so many clean images would show. Channels that are constant on clean data do not
/// count. Source  the positive-part estimator of James and Stein.
double compute_evidence(const ChannelGroup& group, double images, double doubt);

class AlignedNorms {
 public:
  /// Throws  UnsupportedModel if there is no norm to align, StateMismatch for statistics of other
  ///         sites.
  AlignedNorms(const ModelInfo& model, const SourceStats& stats, const AlignRule& rule);

  /// What clean data have, of all norms side by side.
  RunningMoments source(const RunningOptions& options) const;

  /// Sets the slots of all norms. The spans live until the next call.
  void fill(SlotValues& values, const RunningMoments& running);

 private:
  // A site and the two slots that correct what it measures.
  struct Aligned {
    std::size_t first_slot = 0;   // gamma; of a BatchNorm the mean
    std::size_t second_slot = 0;  // beta; of a BatchNorm the variance
    std::size_t offset = 0;       // first column among the sites
    std::size_t channels = 0;
  };

  void find_norms(const ModelInfo& model);
  double evidence_of(const Aligned& norm, const RunningMoments& running) const;
  void align_affine(const Aligned& norm, double share, const RunningMoments& running);
  void align_statistics(const Aligned& norm, double share, const RunningMoments& running);

  std::vector<SlotInfo> slots_;
  SourceStats stats_;
  AlignRule rule_;
  bool batch_norms_ = false;
  std::vector<Aligned> norms_;
  std::vector<float> first_;  // (site_width) values of the slots
  std::vector<float> second_;
};

}  // namespace zoa
