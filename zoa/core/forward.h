// SPDX-License-Identifier: Apache-2.0
// What a method sees of a network: its slots, its taps and a way to run one forward pass.
// The engine implements Forward; unit tests of methods implement it with a quadratic bowl.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/batch.h"

namespace zoa {

/// A slot is a runtime input of the network with a neutral value that leaves the model unchanged.
enum class SlotKind {
  NormGamma,     ///< scale of a normalization layer, C values
  NormBeta,      ///< offset of a normalization layer, C values
  FeatureShift,  ///< added to the last feature before the head, for the answer only; neutral 0
};

struct SlotInfo {
  std::string name;   ///< unique, e.g. "blocks.1.norm1.gamma"
  std::string layer;  ///< the layer it belongs to, e.g. "blocks.1.norm1"
  SlotKind kind = SlotKind::NormGamma;
  std::size_t size = 0;        ///< C
  std::vector<float> neutral;  ///< (C) what the model ships
};

/// A feature vector per block or stage that the loss reads; all taps lie side by side in one row.
struct TapInfo {
  std::string name;
  std::size_t offset = 0;  ///< first column in PassOutput::taps
  std::size_t width = 0;
};

enum class Family { Vit, Cnn };

struct ModelInfo {
  std::string name;
  Family family = Family::Vit;
  std::size_t classes = 0;        ///< K
  std::vector<SlotInfo> slots;    ///< norms in network order, gamma before beta; the shift last
  std::vector<TapInfo> taps;      ///< in network order; the last one is the head's input
  std::size_t tap_width = 0;      ///< sum of the widths
  std::size_t stem_channels = 0;  ///< channels of the stem's output
  bool has_batch_norm = false;    ///< some norm can use the statistics of the batch
  int weight_bits = 32;           ///< 32 = float
  int activation_bits = 32;
};

/// Per-feature statistics of clean data, collected once with the same network.
struct SourceStats {
  std::vector<float> tap_mean;  ///< (tap_width)
  std::vector<float> tap_std;   ///< (tap_width), unbiased
  std::size_t samples = 0;      ///< images they come from
};

/// Statistics of the stem's output over batch and positions, one number per channel.
struct StemStats {
  std::vector<double> mean;
  std::vector<double> variance;  ///< biased (divided by the number of values)
  std::size_t count = 0;         ///< images in the batch
  std::size_t values = 0;        ///< numbers per channel: count * positions; 0 = not known
};

/// Values of the slots of one pass, in the order of ModelInfo::slots. An empty span means neutral.
/// A span holds C values (the same for every image) or, where the engine was made with per-sample
/// slots, B * C values.
using SlotValues = std::vector<std::span<const float>>;

/// Views into the engine's memory, valid until the next call of begin() or pass().
struct PassOutput {
  std::span<const float> logits;  ///< (B, K) without the feature shift: what a loss reads
  std::span<const float> answer;  ///< (B, K) with the feature shift: what the user gets
  std::span<const float> taps;    ///< (B, tap_width); empty where the engine was made without taps
};

class Forward {
 public:
  virtual ~Forward() = default;
  virtual const ModelInfo& info() const = 0;

  /// Takes the next batch: runs what no slot can change and measures the stem.
  virtual void begin(const Batch& batch) = 0;

  /// The stem's statistics of the batch given to begin().
  virtual const StemStats& stem() const = 0;

  /// One forward pass over the current batch with these slot values.
  /// Throws  InvalidArgument if a span has neither 0, C nor (per-sample) B * C values.
  virtual PassOutput pass(const SlotValues& values) = 0;

  /// Forward passes counted since begin(), each as one (the shared prefix is not deducted).
  virtual std::size_t passes() const = 0;
};

}  // namespace zoa
