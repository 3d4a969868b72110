// SPDX-License-Identifier: Apache-2.0
// Runs a network for a method: cuts it into prefix and suffix, compiles both for the batch sizes
// that come, feeds slots, reads logits, taps and the stem, counts passes. Knows nothing of methods.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/core/log.h"
#include "zoa/model/model.h"

namespace zoa {

struct EngineOptions {
  bool batch_statistics = false;  ///< BatchNorms use the statistics of the batch
  bool norm_slots = false;        ///< gamma and beta of the adapted norms are slots
  bool shift_slot = false;        ///< the feature shift before the head is a slot
  bool taps = false;              ///< PassOutput::taps is filled
  bool stem = false;              ///< Forward::stem() is filled
  bool per_sample_slots = false;  ///< norm slots take B * C values as well
  bool norm_statistics = false;   ///< mean and variance of BatchNorms are slots
  bool norm_mix = false;          ///< with them the share of the batch's own statistics
  std::size_t prompts = 0;        ///< tokens, a slot
  bool input_filter = false;      ///< a convolution in front, a slot
  std::vector<SiteRequest> sites;
  bool head = false;   ///< run_head() works and ModelInfo::head_weight is filled
  bool plain = false;  ///< pass_plain() works
  int threads = 0;     ///< 0 = what affinity and the cgroup's quota allow
  std::string adapt;   ///< regular expression that picks the adapted norms; "" = the paper's
  std::string cache;   ///< folder that keeps compiled networks; "" = none. Changes no number
  LogSink log;         ///< told where that folder or a file of it cannot be used
};

inline constexpr std::size_t kMostBatch = 256;

/// Wall time of an engine's work, in milliseconds, for benches.
struct EngineTimes {
  double prefix = 0;   ///< of the latest batch: what no slot can change, run by begin()
  double first = 0;    ///< of the latest batch: the rest of the first pass
  double later = 0;    ///< of the latest batch: all other passes, and runs of the head
  double rewrite = 0;  ///< since the engine was made: reading slots, taps and the cut into graphs
  double compile = 0;  ///< since the engine was made: compiling those, or reading them from files
};

/// Without slots nothing depends on a slot, so the prefix is the whole network as shipped, compiled
/// once: "adaptation off" costs and answers exactly what the plain model does. With slots, all
/// neutral, a network without BatchNorm gives the same logits bit for bit.
class Engine final : public Forward {
 public:
  /// Throws  UnsupportedModel; InvalidArgument for options that the network cannot give.
  Engine(const Model& model, const EngineOptions& options);
  ~Engine() override;

  const ModelInfo& info() const override;
  /// Throws  InvalidArgument for a batch outside 1..256 or of another shape.
  void begin(const Batch& batch) override;
  const StemStats& stem() const override;
  PassOutput pass(const SlotValues& values) override;
  /// Throws  InvalidArgument if the engine was made without the plain network.
  std::span<const float> pass_plain() override;
  /// Throws  InvalidArgument if the engine was made without the head.
  std::span<const float> run_head(std::span<const float> features) override;
  std::size_t passes() const override;
  double cost() const override;

  const EngineTimes& times() const;
  int threads() const;
  /// Share of the multiplications that the prefix holds, 0..1.
  double prefix_share() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Names and versions for records: "OpenVINO 2026.4.1-...".
std::string runtime_version();

}  // namespace zoa
