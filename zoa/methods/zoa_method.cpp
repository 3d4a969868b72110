// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_method.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/zoa_state.h"
#include "zoa/methods/zoa_update.h"

namespace zoa {
namespace {

class ZoaMethod : public Method, public FrameMethod {
 public:
  ZoaMethod(const ZoaOptions& options,
            std::uint64_t seed,
            const ModelInfo& model,
            const SourceStats& stats,
            std::unique_ptr<Directions> directions)
      : options_(options),
        seed_(seed),
        model_(model),
        stats_(stats),
        slots_(find_adapted_slots(model)),
        info_(zoa_info(options, model)),
        directions_(std::move(directions)),
        state_(make_state()) {}

  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return list_options(options_); }
  StepResult step(const Batch& batch, Forward& forward) override;
  void accept() override;
  void discard() override { staged_.reset(); }
  void reset() override;
  void save(StateWriter& writer) const override { state_.save(writer); }
  void load(StateReader& reader) override;
  void set_limits(const StepLimits& limits) override { limits_ = limits; }

  FrameMethod* frames() override { return this; }
  std::size_t frame_passes() const override { return info_.most_passes; }
  SlotValues frame_values(std::size_t index) override;
  void observe_frame(const PassOutput& answered) override;
  bool observes_frames() const override { return state_.norms.has_value(); }
  StepResult learn(const WindowSums& window) override;

 private:
  // What is the same for all frames of a window.
  struct Window {
    ZoaDirections directions;
    std::vector<float> present;    // (P) slot values of the first pass
    std::vector<float> perturbed;  // (P) of the second
    std::vector<float> shift;      // (D), or empty
    SlotValues norms;              // of the present frame, other slots empty
  };

  ZoaState make_state() const;
  DomainVerdict test_domain(const StemStats& stem, ZoaState& next) const;
  SlotValues fill_norms(std::optional<BlendedNorms>& norms, std::size_t images) const;
  std::vector<float> slot_values(const std::vector<double>& offsets) const;
  ZoaDirections draw(const ZoaState& state) const;
  StepResult make_result(const BatchLoss& loss, const DomainVerdict& verdict) const;
  void finish(std::optional<ZoaState> next, StepResult& result);

  ZoaOptions options_;
  std::uint64_t seed_;
  ModelInfo model_;
  SourceStats stats_;
  AdaptedSlots slots_;
  MethodInfo info_;
  std::unique_ptr<Directions> directions_;  // none: from the seed in the state
  StepLimits limits_;
  ZoaState state_;
  std::optional<ZoaState> staged_;
  std::optional<Window> window_;  // made when the first frame after an update asks
};

ZoaState ZoaMethod::make_state() const {
  const BankOptions bank{static_cast<std::size_t>(options_.bank_size), options_.alpha_scale};
  const DomainOptions domain{options_.threshold, options_.stem_momentum,
                             static_cast<std::size_t>(options_.domain_batch)};
  const TapInfo& tap = model_.taps.back();
  const std::span<const float> source = std::span(stats_.tap_mean).subspan(tap.offset, tap.width);
  ZoaState state{seed_, 0, KnowledgeBank(slots_.sizes, bank, first_alpha(options_, seed_)),
                 DomainDetector(domain), FeatureShift(source, options_.shift_momentum)};
  if (norm_rule(options_, model_) == NormRule::Blend) {
    state.norms.emplace(model_, RunningOptions{options_.bn_prior, options_.bn_momentum});
  }
  return state;
}

DomainVerdict ZoaMethod::test_domain(const StemStats& stem, ZoaState& next) const {
  return model_.stem_channels > 0 ? next.detector.observe(stem) : DomainVerdict{};
}

SlotValues ZoaMethod::fill_norms(std::optional<BlendedNorms>& norms, std::size_t images) const {
  SlotValues values(slots_.slot_count);
  if (norms) {
    norms->fill(values, images);
  }
  return values;
}

std::vector<float> ZoaMethod::slot_values(const std::vector<double>& offsets) const {
  std::vector<float> values(offsets.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<double>(slots_.neutral[i]) + offsets[i]);
  }
  return values;
}

ZoaDirections ZoaMethod::draw(const ZoaState& state) const {
  ZoaDirections drawn{std::vector<double>(state.bank.parameters()),
                      std::vector<double>(state.bank.entries() + 1)};
  RngDirections own(state.seed);
  Directions& directions = directions_ ? *directions_ : own;
  directions.eps(state.step, drawn.eps);
  directions.alpha(state.step, drawn.alpha);
  return drawn;
}

StepResult ZoaMethod::make_result(const BatchLoss& loss, const DomainVerdict& verdict) const {
  StepResult result;
  result.loss = loss.total;
  result.entropy = loss.entropy;
  result.discrepancy = loss.discrepancy;
  result.domain_distance = verdict.distance;
  return result;
}

// Differs: a loss that is not finite stages nothing at all, as if the batch had not come; the
// reference would carry the NaN into every parameter.
void ZoaMethod::finish(std::optional<ZoaState> next, StepResult& result) {
  result.updated = next.has_value();
  if (next) {
    ++next->step;
    staged_ = std::move(next);
  } else {
    result.domain_changed = false;
    result.removed_entry.reset();
  }
  const KnowledgeBank& bank = staged_ ? staged_->bank : state_.bank;
  result.bank_entries = bank.entries();
  result.bank_weights = bank.weights();
}

StepResult ZoaMethod::step(const Batch& batch, Forward& forward) {
  staged_.reset();
  check_batch(batch);
  forward.begin(batch);
  std::optional<ZoaState> next = state_;
  const DomainVerdict verdict = test_domain(forward.stem(), *next);
  std::optional<std::size_t> removed;
  if (verdict.changed) {
    removed = next->bank.insert(state_.detector.running());
  }
  if (next->norms) {
    next->norms->end_window(verdict.changed);
  }

  // The batch that shows a change is still answered with the old shift.
  const std::vector<float> shift = options_.shift ? state_.shift.shift() : std::vector<float>{};
  const SlotValues norms = fill_norms(next->norms, batch.count);
  const std::vector<float> present = slot_values(next->bank.total());
  const PassOutput first = forward.pass(make_slot_values(slots_, present, shift, norms));
  const BatchLoss loss = compute_loss(model_, stats_, options_.lambda, first);
  StepResult result = make_result(loss, verdict);
  result.logits.assign(first.answer.begin(), first.answer.end());
  result.domain_changed = verdict.changed;
  result.removed_entry = removed;
  if (next->norms) {
    next->norms->observe(first, batch.count);
  }
  const TapInfo& tap = model_.taps.back();
  next->shift.observe(std::span(loss.moments.mean).subspan(tap.offset, tap.width), verdict.changed);

  if (std::isfinite(loss.total)) {
    const ZoaDirections directions = draw(*next);
    const std::vector<float> moved =
        slot_values(perturbed_offsets(next->bank, options_, directions));
    const PassOutput second = forward.pass(make_slot_values(slots_, moved, {}, norms));
    result.loss_perturbed = compute_loss(model_, stats_, options_.lambda, second).total;
    result.bounds =
        update_bank(next->bank, options_, directions, *result.loss_perturbed - loss.total, limits_);
  }
  finish(result.bounds ? std::move(next) : std::nullopt, result);
  return result;
}

SlotValues ZoaMethod::frame_values(std::size_t index) {
  if (!window_) {
    window_.emplace();
    window_->directions = draw(state_);
    window_->present = slot_values(state_.bank.total());
    window_->perturbed = slot_values(perturbed_offsets(state_.bank, options_, window_->directions));
    window_->shift = options_.shift ? state_.shift.shift() : std::vector<float>{};
  }
  if (index > 0) {
    return make_slot_values(slots_, window_->perturbed, {}, window_->norms);
  }
  window_->norms = fill_norms(state_.norms, 1);
  return make_slot_values(slots_, window_->present, window_->shift, window_->norms);
}

void ZoaMethod::observe_frame(const PassOutput& answered) {
  if (state_.norms) {
    state_.norms->observe(answered, 1);
  }
}

// Differs: whether the domain has changed is known at the end of the window only, when its frames
// have been through the second pass. So a window that shows a change first makes its step with the
// old bank, then the bank takes in what was learnt; a batch does it the other way round.
StepResult ZoaMethod::learn(const WindowSums& window) {
  staged_.reset();
  std::optional<ZoaState> next = state_;
  const DomainVerdict verdict = test_domain(window.stem.stats(), *next);
  const auto loss_of = [&](const PassSums& sums) {
    return compute_loss(model_, stats_, options_.lambda, sums.entropy(), sums.moments());
  };
  const BatchLoss loss = loss_of(window.passes.at(0));
  StepResult result = make_result(loss, verdict);
  result.loss_perturbed = loss_of(window.passes.at(1)).total;
  result.domain_changed = verdict.changed;
  const TapInfo& tap = model_.taps.back();
  next->shift.observe(std::span(loss.moments.mean).subspan(tap.offset, tap.width), verdict.changed);
  if (next->norms) {
    next->norms->end_window(verdict.changed);
  }
  if (std::isfinite(loss.total)) {
    result.bounds = update_bank(next->bank, options_, draw(state_),
                                *result.loss_perturbed - loss.total, limits_);
  }
  if (result.bounds && verdict.changed) {
    result.removed_entry = next->bank.insert(state_.detector.running());
  }
  finish(result.bounds ? std::move(next) : std::nullopt, result);
  return result;
}

void ZoaMethod::accept() {
  if (staged_) {
    state_ = std::move(*staged_);
    staged_.reset();
    window_.reset();
  }
}

void ZoaMethod::reset() {
  staged_.reset();
  window_.reset();
  state_ = make_state();
}

void ZoaMethod::load(StateReader& reader) {
  ZoaState loaded = make_state();
  loaded.load(reader, model_.stem_channels);
  state_ = std::move(loaded);
  staged_.reset();
  window_.reset();
}

}  // namespace

MethodInfo zoa_info(const ZoaOptions& options, const ModelInfo& model) {
  MethodInfo info;
  info.name = "zoa";
  info.title = "zeroth-order adaptation of the norms with a bank of domains, two passes per batch";
  info.paper =
      "Test-Time Model Adaptation for Quantized Neural Networks, ACM MM 2025, "
      "arXiv 2508.02180";
  info.most_passes = 2;
  info.slots = {SlotKind::NormGamma, SlotKind::NormBeta};
  if (options.shift) {
    info.slots.push_back(SlotKind::FeatureShift);
  }
  info.needs_taps = true;
  info.needs_source = true;
  info.needs_stem = true;
  const NormRule rule = norm_rule(options, model);
  info.uses_batch_statistics = rule == NormRule::Batch;
  if (rule == NormRule::Blend) {
    info.slots.insert(info.slots.end(),
                      {SlotKind::NormMean, SlotKind::NormVariance, SlotKind::NormMix});
    info.sites = {norm_inputs()};
  }
  return info;
}

std::unique_ptr<Method> make_zoa(const ZoaOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats,
                                 std::unique_ptr<Directions> directions) {
  check_options(options);
  check_loss(model, stats);
  return std::make_unique<ZoaMethod>(options, seed, model, stats, std::move(directions));
}

std::unique_ptr<Method> make_zoa_method(const ZoaOptions& options,
                                        std::uint64_t seed,
                                        const ModelInfo& model,
                                        const SourceStats& stats) {
  return make_zoa(options, seed, model, stats);
}

}  // namespace zoa
