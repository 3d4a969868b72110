// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cola_fp.h"

#include <cmath>
#include <limits>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/cola_knowledge.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

constexpr char kName[] = "cola-fp";

// What the stream changes: the statistics of the present domain.
struct Present {
  DomainDetector stem;
  FeatureShift shift;
  std::size_t channels = 0;  // of the stem

  void save(StateWriter& writer, const std::string& prefix) const {
    stem.save(writer, prefix);
    shift.save(writer, prefix);
  }
  void load(const StateReader& reader, const std::string& prefix) {
    stem.load(reader, prefix, channels);
    shift.load(reader, prefix);
  }
};

std::vector<float> source_mean(const ColaFpOptions& options,
                               const ModelInfo& model,
                               const SourceStats& stats) {
  return options.shift ? source_feature_mean(model, stats) : std::vector<float>{};
}

Present first_state(const ColaFpOptions& options,
                    const ModelInfo& model,
                    const SourceStats& stats) {
  // A distance is never above infinity: the statistics run on without a restart.
  const DomainOptions stem{std::numeric_limits<double>::infinity(), options.stem_momentum,
                           static_cast<std::size_t>(options.domain_batch)};
  return {DomainDetector(stem),
          FeatureShift(source_mean(options, model, stats), options.shift_momentum),
          model.stem_channels};
}

// The knowledge is no part of what a batch changes: it stands beside the staged state.
class ColaFp : public StagedMethod<Present> {
 public:
  ColaFp(const ColaFpOptions& options, const ModelInfo& model, const SourceStats& stats)
      : StagedMethod(cola_fp_info(options, model),
                     list_options(options),
                     first_state(options, model, stats)),
        options_(options),
        model_(model),
        slots_(find_adapted_slots(model)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    Present next = state();
    const DomainVerdict verdict = next.stem.observe(forward.stem());
    const std::vector<double> weights = weigh();
    const PassOutput output = run_pass(weights, forward);
    StepResult result = make_result(output.answer, output.logits, model_.classes);
    result.domain_distance = verdict.distance;
    result.bank_entries = knowledge_.entries();
    result.bank_weights = weights;
    if (options_.shift) {
      const auto features = last_features(model_, output);
      next.shift.observe(compute_moments(features, model_.taps.back().width).mean, false);
    }
    const bool changed =
        next.stem.running() != state().stem.running() ||
        !std::equal(next.shift.running().begin(), next.shift.running().end(),
                    state().shift.running().begin(), state().shift.running().end());
    if (changed && std::isfinite(result.loss)) {
      stage(std::move(next), result);
    }
    return result;
  }

  void save(StateWriter& writer) const override {
    StagedMethod::save(writer);
    knowledge_.save(writer);
  }

  void load(StateReader& reader) override {
    ColaKnowledge knowledge;
    if (reader.has(std::string(kName) + ".version")) {
      knowledge.load(reader, slots_.sizes, model_.stem_channels);
      StagedMethod::load(reader);
    } else {
      knowledge.load_zoa(reader, slots_.sizes, model_.stem_channels);
      reset();
    }
    knowledge_ = std::move(knowledge);
  }

 private:
  // Of the zero entry and of each entry, by the statistics of earlier batches.
  // Differs: before any statistics the model answers as shipped; the published code mixes the
  // entries by random weights there.
  std::vector<double> weigh() const {
    const DomainStats& running = state().stem.running();
    if (running.empty()) {
      std::vector<double> shipped(knowledge_.entries() + 1);
      shipped[0] = 1;
      return shipped;
    }
    return knowledge_.weights(running, options_.temperature, options_.zero_distance);
  }

  PassOutput run_pass(const std::vector<double>& weights, Forward& forward) {
    const std::vector<double> offsets = knowledge_.mixture(weights, slots_.neutral.size());
    std::vector<float> values(slots_.neutral);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(static_cast<double>(values[i]) + offsets[i]);
    }
    const std::vector<float> shift = options_.shift ? state().shift.shift() : std::vector<float>{};
    return forward.pass(make_slot_values(slots_, values, shift));
  }

  ColaFpOptions options_;
  ModelInfo model_;
  AdaptedSlots slots_;
  ColaKnowledge knowledge_;
};

}  // namespace

ColaFpOptions default_cola_fp_options(const ModelInfo& model) {
  ColaFpOptions options;
  // Ours: zoa's threshold of a change of domain. The shipped model counts as much as knowledge from
  // a domain that is just not the present one.
  options.zero_distance = model.family == Family::Cnn ? 0.2 : 0.1;
  return options;
}

MethodInfo cola_fp_info(const ColaFpOptions& options, const ModelInfo& model) {
  MethodInfo info;
  info.name = kName;
  info.title = "mixes norms that zoa has learnt by the distance of their domains, one pass";
  info.paper = "Cross-Device Collaborative Test-Time Adaptation, NeurIPS 2024";
  info.slots = {SlotKind::NormGamma, SlotKind::NormBeta};
  if (options.shift) {
    info.slots.push_back(SlotKind::FeatureShift);
    info.needs_taps = true;
    info.needs_source = true;
  }
  info.needs_stem = true;
  info.reads_states = {"zoa"};
  info.uses_batch_statistics = model.has_batch_norm;  // as in zoa, where the offsets were learnt
  return info;
}

std::unique_ptr<Method> make_cola_fp(const ColaFpOptions& options,
                                     std::uint64_t /*seed*/,
                                     const ModelInfo& model,
                                     const SourceStats& stats) {
  check_options(options);
  if (model.classes == 0 || model.stem_channels == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name,
         "' has no classes or no stem that can be measured; use --method noadapt");
  }
  return std::make_unique<ColaFp>(options, model, stats);
}

}  // namespace zoa
