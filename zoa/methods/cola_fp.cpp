// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cola_fp.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/cola_knowledge.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr char kName[] = "cola-fp";
constexpr std::int64_t kVersion = 1;

// What the stream changes: the statistics of the present domain.
struct Present {
  DomainDetector stem;
  FeatureShift shift;
};

class ColaFp : public Method {
 public:
  ColaFp(const ColaFpOptions& options, const ModelInfo& model, const SourceStats& stats)
      : options_(options),
        model_(model),
        info_(cola_fp_info(options, model)),
        slots_(find_adapted_slots(model)),
        source_mean_(options.shift ? source_feature_mean(model, stats) : std::vector<float>{}),
        present_(make_present()) {}

  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return list_options(options_); }

  StepResult step(const Batch& batch, Forward& forward) override {
    staged_.reset();
    check_batch(batch);
    forward.begin(batch);
    Present next = present_;
    const DomainVerdict verdict = next.stem.observe(forward.stem());
    const std::vector<double> weights = weigh();
    const PassOutput output = run_pass(weights, forward);
    StepResult result = make_result(output.answer, output.logits, model_.classes);
    result.domain_distance = verdict.distance;
    result.bank_entries = knowledge_.entries();
    result.bank_weights = weights;
    if (options_.shift) {
      const auto features = last_features(model_, output);
      next.shift.observe(compute_moments(features, source_mean_.size()).mean, false);
    }
    const bool changed =
        next.stem.running() != present_.stem.running() ||
        !std::equal(next.shift.running().begin(), next.shift.running().end(),
                    present_.shift.running().begin(), present_.shift.running().end());
    result.updated = changed && std::isfinite(result.loss);
    if (result.updated) {
      staged_ = std::move(next);
    }
    return result;
  }

  void accept() override {
    if (staged_) {
      present_ = std::move(*staged_);
      staged_.reset();
    }
  }

  void discard() override { staged_.reset(); }

  void reset() override {
    staged_.reset();
    present_ = make_present();
  }

  void save(StateWriter& writer) const override {
    save_version(writer, kName, kVersion);
    knowledge_.save(writer);
    present_.stem.save(writer, kName);
    present_.shift.save(writer, kName);
  }

  void load(StateReader& reader) override {
    ColaKnowledge knowledge;
    Present present = make_present();
    if (reader.has(std::string(kName) + ".version")) {
      check_version(reader, kName, kVersion);
      knowledge.load(reader, slots_.sizes, model_.stem_channels);
      present.stem.load(reader, kName, model_.stem_channels);
      present.shift.load(reader, kName);
    } else {
      knowledge.load_zoa(reader, slots_.sizes, model_.stem_channels);
    }
    knowledge_ = std::move(knowledge);
    present_ = std::move(present);
    staged_.reset();
  }

 private:
  Present make_present() const {
    // A distance is never above infinity: the statistics run on without a restart.
    const DomainOptions stem{std::numeric_limits<double>::infinity(), options_.stem_momentum,
                             static_cast<std::size_t>(options_.domain_batch)};
    return {DomainDetector(stem), FeatureShift(source_mean_, options_.shift_momentum)};
  }

  // Of the zero entry and of each entry, by the statistics of earlier batches.
  // Differs: before any statistics the model answers as shipped; the published code mixes the
  // entries by random weights there.
  std::vector<double> weigh() const {
    const DomainStats& running = present_.stem.running();
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
    const std::vector<float> shift = options_.shift ? present_.shift.shift() : std::vector<float>{};
    return forward.pass(make_slot_values(slots_, values, shift));
  }

  ColaFpOptions options_;
  ModelInfo model_;
  MethodInfo info_;
  AdaptedSlots slots_;
  std::vector<float> source_mean_;
  ColaKnowledge knowledge_;
  Present present_;
  std::optional<Present> staged_;
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
