// SPDX-License-Identifier: Apache-2.0
// An adaptation method: math on vectors and a Forward it is handed. It knows no files, no runtime.
// A step is staged: step() runs the passes and answers, accept() makes the update real, discard()
// leaves everything bit for bit as it was. Guards, rollback and dry runs are a few lines on top.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/core/options.h"
#include "zoa/core/state.h"

namespace zoa {

struct MethodInfo {
  std::string name;   ///< as --method takes it
  std::string title;  ///< one line for lists
  std::string paper;  ///< source
  std::size_t least_batch = 1;
  std::size_t most_passes = 1;
  std::vector<SlotKind> slots;  ///< kinds of slots it sets; none: the engine keeps one plain model
  std::string norms;  ///< regular expression on layers, the norms whose gamma and beta it sets;
                      ///< empty: those that the ZOA paper adapts
  std::vector<SiteRequest> sites;  ///< what it measures or corrects inside; SourceStats of them
  std::size_t prompts = 0;         ///< tokens, for SlotKind::Prompt
  bool per_sample = false;         ///< sets norm slots for each image by itself
  bool needs_head = false;         ///< calls Forward::run_head() or reads ModelInfo::head_weight
  bool needs_taps = false;         ///< reads PassOutput::taps
  bool needs_source = false;       ///< reads SourceStats of the taps
  bool needs_stem = false;         ///< reads Forward::stem()
  bool needs_plain = false;        ///< calls Forward::pass_plain()
  std::vector<std::string> reads_states;  ///< other methods whose saved states load() takes too
  bool uses_batch_statistics = false;     ///< BatchNorms run on the statistics of the test batch
};

/// Bounds on one update. A guard sets them; without one there are none, as in the papers.
struct StepLimits {
  double difference = kUnlimited;   ///< of |loss_perturbed - loss|, nats per image: clipped to it
  double step_norm = kUnlimited;    ///< Euclidean norm of what an update adds to the parameters
  double offset_norm = kUnlimited;  ///< of all that was added to the shipped parameters

  static constexpr double kUnlimited = std::numeric_limits<double>::infinity();
};

/// What became of them in a step.
struct StepBounds {
  bool difference = false;  ///< was clipped; so the others
  bool step = false;
  bool offset = false;
  double step_norm = 0;    ///< after the bounds
  double offset_norm = 0;  ///< after the bounds
};

/// What one batch brought. Fields that a method does not have stay empty.
struct StepResult {
  std::vector<float> logits;  ///< (B, K) the answer
  double loss = 0;     ///< nats per image, of the pass that answers; without a loss: the entropy
  double entropy = 0;  ///< nats per image, mean
  std::optional<double> discrepancy;  ///< D of docs/methods/zoa.md
  std::optional<double> loss_perturbed;
  std::optional<double> domain_distance;
  bool domain_changed = false;
  std::optional<std::size_t> removed_entry;  ///< index among alpha (0 = the zero entry)
  std::size_t bank_entries = 0;              ///< after the step, without the zero entry
  std::vector<double> bank_weights;          ///< of the zero entry, then of each entry; sum 1
  bool updated = false;                      ///< an update is staged
  std::optional<StepBounds> bounds;          ///< of methods that heed StepLimits
  std::string guard;  ///< state of the guards and their reasons, e.g. "hold: one_class"; "": none
};

class FrameMethod;

class Method {
 public:
  virtual ~Method() = default;
  virtual const MethodInfo& info() const = 0;
  virtual std::vector<OptionText> options() const = 0;

  /// Runs passes over the batch, answers, stages an update. Calls forward.begin(batch) itself.
  virtual StepResult step(const Batch& batch, Forward& forward) = 0;
  virtual void accept() = 0;   ///< the staged update becomes real
  virtual void discard() = 0;  ///< state bit for bit as before step()
  virtual void reset() = 0;    ///< as newly made
  virtual void save(StateWriter& writer) const = 0;
  virtual void load(StateReader& reader) = 0;

  /// Bounds on every update from now on; not part of the state. Methods that do not walk by steps
  /// of their parameters have nothing to bound.
  virtual void set_limits(const StepLimits& /*limits*/) {}

  /// How this method learns from single frames (methods/frame_method.h); null: from batches only.
  virtual FrameMethod* frames() { return nullptr; }
};

/// Option overrides as text, e.g. {{"lr", "1e-4"}}.
using OptionValues = std::vector<std::pair<std::string, std::string>>;

/// What a method asks of the engine for this network with these options; the network needs to have
/// family, classes, widths and has_batch_norm only.
/// Throws  as make_method; UnsupportedModel where the method cannot work on such a network.
MethodInfo method_needs(const std::string& name,
                        const OptionValues& overrides,
                        const ModelInfo& model);

/// The options of a method: published defaults for this network, then the overrides.
/// Throws  as make_method.
std::vector<OptionText> method_options(const std::string& name,
                                       const OptionValues& overrides,
                                       const ModelInfo& model);

/// Makes a method with its published defaults for this network (family, bit width), then the
/// overrides.
/// Throws  InvalidArgument for an unknown name or option; the text lists the known ones.
std::unique_ptr<Method> make_method(const std::string& name,
                                    const OptionValues& overrides,
                                    std::uint64_t seed,
                                    const ModelInfo& model,
                                    const SourceStats& stats);

/// All methods, in the order of the table, as they are for a transformer.
std::vector<MethodInfo> list_methods();

}  // namespace zoa
