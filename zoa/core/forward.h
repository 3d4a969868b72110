// SPDX-License-Identifier: Apache-2.0
// What a method sees of a network: its slots, its taps and a way to run one forward pass.
// The engine implements Forward; unit tests of methods implement it with a quadratic bowl.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/batch.h"

namespace zoa {

/// A slot is a runtime input of the network with a neutral value that leaves the model unchanged.
enum class SlotKind {
  NormGamma,     ///< scale of a normalization layer, C values
  NormBeta,      ///< offset of a normalization layer, C values
  NormMean,      ///< mean that a BatchNorm normalises with, C values
  NormVariance,  ///< variance that a BatchNorm normalises with, C values
  NormMix,  ///< of all BatchNorms, 1 value: 0 = NormMean and NormVariance, 1 = those of the batch
  Prompt,   ///< tokens between the class token and the patches, n * D values. The one kind that
            ///< has no neutral value: n tokens of zeros are still n tokens to attend to
  InputFilter,   ///< weights (channels, channels, 7, 7) of a convolution that is added to the image
  SiteScale,     ///< x * scale + offset at a site, C values, neutral 1
  SiteMatrix,    ///< x * matrix + offset at a site, (C / g, g, g): x is a row, groups of g channels
  SiteOffset,    ///< C values, neutral 0
  FeatureShift,  ///< added to the last feature before the head, for the answer only; neutral 0
};

/// A place inside the network that can be measured and, but for BlockToken, corrected.
enum class SiteKind {
  BlockOutput,  ///< what a residual block gives: all tokens or positions
  BlockToken,   ///< of that the row that the head reads (CNN: mean over positions); measured only
  LayerInput,   ///< what a layer with constant weights inside a block reads, before its quantizer
  NormInput,    ///< what a BatchNorm reads; measured only: NormMean and NormVariance correct it
  Normalised,  ///< what a LayerNorm or GroupNorm gives before its gamma and beta, which correct it;
               ///< measured only. Where gamma and beta are slots: of those norms alone
};

enum class SiteForm { Measured, Diagonal, Matrix };  ///< no slots; scale, offset; matrix, offset

/// Sites that a method asks for.
struct SiteRequest {
  SiteKind kind = SiteKind::BlockOutput;
  SiteForm form = SiteForm::Measured;
  std::size_t group = 0;    ///< channels per group of a matrix and of covariances; 0 = all
  bool covariance = false;  ///< PassOutput::site_covariance is filled
  double from_depth = 0;    ///< only blocks b >= from_depth * number of blocks
  bool variance = true;     ///< PassOutput::site_variance is filled; the mean alone costs less
  bool spread = false;      ///< PassOutput::site_spread is filled; not along with covariances
};

/// All sites' channels lie side by side in one row; so do their covariances.
struct SiteInfo {
  std::string name;  ///< unique, e.g. "blocks.8.output"
  SiteKind kind = SiteKind::BlockOutput;
  SiteForm form = SiteForm::Measured;
  std::size_t block = 0;                  ///< from 0, over all stages
  std::size_t channels = 0;               ///< C
  std::size_t positions = 1;              ///< rows that an image brings into the statistics
  std::size_t group = 0;                  ///< g; C where channels are not grouped
  std::size_t offset = 0;                 ///< first column in site_mean and site_variance
  std::optional<std::size_t> covariance;  ///< first number in site_covariance, (C / g, g, g)
  bool variance = true;                   ///< as asked for; so spread
  bool spread = false;
};

struct SlotInfo {
  std::string name;   ///< unique, e.g. "blocks.1.norm1.gamma"
  std::string layer;  ///< the layer or site it belongs to, e.g. "blocks.1.norm1"
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
  std::size_t classes = 0;         ///< K
  std::vector<SlotInfo> slots;     ///< input filter, prompts, norms in network order (gamma, beta;
                                   ///< mean, variance), their mix, sites in order, the shift last
  std::vector<TapInfo> taps;       ///< in network order; the last one is the head's input
  std::size_t tap_width = 0;       ///< sum of the widths
  std::vector<SiteInfo> sites;     ///< those asked for, in network order within a kind
  std::size_t site_width = 0;      ///< sum of the sites' channels
  std::vector<float> head_weight;  ///< (K, D) as the network computes with it; where asked for
  std::size_t stem_channels = 0;   ///< channels of the stem's output
  bool has_batch_norm = false;     ///< some norm can use the statistics of the batch
  int weight_bits = 32;            ///< 32 = float
  int activation_bits = 32;
};

/// Per-feature statistics of clean data, collected once with the same network.
struct SourceStats {
  std::vector<float> tap_mean;        ///< (tap_width)
  std::vector<float> tap_std;         ///< (tap_width), unbiased
  std::size_t samples = 0;            ///< images they come from
  std::vector<float> site_mean = {};  ///< (site_width) over images and positions, for the sites of
                                      ///< ModelInfo; empty where there are none
  std::vector<float> site_variance = {};    ///< (site_width), biased. NormInput sites: what the
                                            ///< network ships as running statistics
  std::vector<float> site_covariance = {};  ///< as in PassOutput; empty unless asked for
  std::vector<float> site_spread = {};      ///< (site_width) of all images, unbiased; 0 where it
                                            ///< was not collected
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
  /// What arrived at the sites, before their own correction, over batch and positions.
  std::span<const float> site_mean = {};      ///< (site_width)
  std::span<const float> site_variance = {};  ///< (site_width), biased; 0 where not asked for
  std::span<const float> site_covariance =
      {};  ///< (C / g, g, g) for each site that asks for it, biased
  /// Variance over the images of what each has as its own mean over positions: how far the mean of
  /// so many images strays by itself. Biased; 0 for sites that do not ask for it.
  std::span<const float> site_spread = {};  ///< (site_width)
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

  /// Logits (B, K) of the network as shipped on the batch given to begin(), which must still be
  /// there: bit for bit what an engine without slots answers. Counts as a pass; valid until the
  /// next call. For engines made with it (MethodInfo::needs_plain).
  virtual std::span<const float> pass_plain() = 0;

  /// Logits (B, K) of the network's own head for features (B, D), the last tap's place; valid until
  /// the next call. For engines made with it (MethodInfo::needs_head).
  virtual std::span<const float> run_head(std::span<const float> features) = 0;

  /// Forward passes counted since begin(), each as one (the shared prefix is not deducted).
  virtual std::size_t passes() const = 0;

  /// Work since begin() in full passes: the first pass is 1, a later one the share of the network
  /// that it ran again, a run of the head the head's share (by multiplications).
  virtual double cost() const = 0;
};

}  // namespace zoa
