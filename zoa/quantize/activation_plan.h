// SPDX-License-Identifier: Apache-2.0
// Decides how one activation is quantized: its range, a twin range, an equalization of its
// channels.
#pragma once

#include <optional>
#include <vector>

#include "zoa/quantize/range.h"
#include "zoa/quantize/statistics.h"
#include "zoa/quantize/twin.h"
#include "zoa/quantize/weight_quantizer.h"

namespace zoa {

/// x' = (x - shift) / scale per channel, before the quantizer; the product's weights and bias undo
/// it. The norm before it keeps its gamma and beta.
/// Source  SmoothQuant (arXiv 2211.10438), RepQ-ViT (arXiv 2212.08254).
/// Differs: a multiply and an add of their own at run time, not folded into the norm, so that the
/// adapted parameters stay those of the paper.
struct Equalizer {
  std::vector<float> scale;  ///< empty = none
  std::vector<float> shift;

  bool empty() const { return scale.empty(); }
};

struct ActivationPlan {
  int bits = 8;
  Equalizer equalizer;
  QuantizerRange range;
  std::vector<QuantizerRange> groups;  ///< of attention, per head or channel; empty = one range
  std::optional<TwinRange> twin;
  std::vector<float> noise;  ///< (channels) mean square of the rounding error, of x'
  std::vector<float> drift;  ///< (channels) mean of the rounding error, of x'

  double apply(double value) const;
};

/// What reads the activation.
struct ActivationReader {
  std::vector<float> weights;  ///< (rows, width)
  WeightShape shape;
  GridRule rule;
};

struct ActivationRequest {
  int bits = 8;
  bool symmetric = false;
  bool probability = false;  ///< output of a softmax
  bool twin = false;         ///< twin ranges may be used
  bool equalize = false;     ///< the value may be equalized: only linear layers read it
  bool shift = false;        ///< channels may also be moved round zero
  std::size_t groups = 1;    ///< symmetric only: ranges of their own for equal runs of channels
  RangeMethod method = RangeMethod::Mse;
  Equalizer given;                        ///< decided outside (attention); empty = see equalize
  std::vector<ActivationReader> readers;  ///< with constant weights; none for attention
};

/// Where the bulk of each channel's sampled values lies: all but half a percent on each side.
struct ChannelSpread {
  std::vector<float> middle;
  std::vector<float> half;  ///< above zero
};
ChannelSpread spread_of(const ValueStatistics& value);

ActivationPlan plan_activation(const ValueStatistics& value, const ActivationRequest& request);

}  // namespace zoa
