// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_method.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/spsa.h"
#include "zoa/methods/zoa_state.h"

namespace zoa {
namespace {

class ZoaMethod : public Method {
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

 private:
  ZoaState make_state() const;
  DomainVerdict test_domain(const Forward& forward, ZoaState& next) const;
  PassOutput run_pass(Forward& forward,
                      const std::vector<double>& offsets,
                      std::span<const float> shift);
  void draw(const ZoaState& next, std::span<double> eps, std::span<double> alpha);
  bool learn(Forward& forward, double loss, ZoaState& next, StepResult& result);

  ZoaOptions options_;
  std::uint64_t seed_;
  ModelInfo model_;
  SourceStats stats_;
  AdaptedSlots slots_;
  MethodInfo info_;
  std::unique_ptr<Directions> directions_;  // none: from the seed in the state
  ZoaState state_;
  std::optional<ZoaState> staged_;
  std::vector<float> values_;  // (P) of the present pass
};

ZoaState ZoaMethod::make_state() const {
  const BankOptions bank{static_cast<std::size_t>(options_.bank_size), options_.alpha_scale};
  const DomainOptions domain{options_.threshold, options_.stem_momentum,
                             static_cast<std::size_t>(options_.domain_batch)};
  const TapInfo& tap = model_.taps.back();
  const std::span<const float> source = std::span(stats_.tap_mean).subspan(tap.offset, tap.width);
  return {seed_, 0, KnowledgeBank(slots_.sizes, bank, first_alpha(options_, seed_)),
          DomainDetector(domain), FeatureShift(source, options_.shift_momentum)};
}

DomainVerdict ZoaMethod::test_domain(const Forward& forward, ZoaState& next) const {
  return model_.stem_channels > 0 ? next.detector.observe(forward.stem()) : DomainVerdict{};
}

PassOutput ZoaMethod::run_pass(Forward& forward,
                               const std::vector<double>& offsets,
                               std::span<const float> shift) {
  values_.resize(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    values_[i] = static_cast<float>(static_cast<double>(slots_.neutral[i]) + offsets[i]);
  }
  return forward.pass(make_slot_values(slots_, values_, shift));
}

void ZoaMethod::draw(const ZoaState& next, std::span<double> eps, std::span<double> alpha) {
  RngDirections own(next.seed);
  Directions& directions = directions_ ? *directions_ : own;
  directions.eps(next.step, eps);
  directions.alpha(next.step, alpha);
}

StepResult ZoaMethod::step(const Batch& batch, Forward& forward) {
  staged_.reset();
  check_batch(batch);
  forward.begin(batch);
  ZoaState next = state_;
  const DomainVerdict verdict = test_domain(forward, next);
  const std::optional<std::size_t> removed =
      verdict.changed ? next.bank.insert(state_.detector.running()) : std::optional<std::size_t>{};

  // The batch that shows a change is still answered with the old shift.
  const std::vector<float> shift = options_.shift ? state_.shift.shift() : std::vector<float>{};
  const PassOutput first = run_pass(forward, next.bank.total(), shift);
  const BatchLoss loss = compute_loss(model_, stats_, options_.lambda, first);

  StepResult result;
  result.logits.assign(first.answer.begin(), first.answer.end());
  result.loss = loss.total;
  result.entropy = loss.entropy;
  result.discrepancy = loss.discrepancy;
  result.domain_distance = verdict.distance;
  const TapInfo& tap = model_.taps.back();
  next.shift.observe(std::span(loss.moments.mean).subspan(tap.offset, tap.width), verdict.changed);

  // Differs: a loss that is not finite stages nothing at all, as if the batch had not come; the
  // reference would carry the NaN into every parameter.
  result.updated = std::isfinite(loss.total) && learn(forward, loss.total, next, result);
  if (result.updated) {
    result.domain_changed = verdict.changed;
    result.removed_entry = removed;
    staged_ = std::move(next);
  }
  const KnowledgeBank& bank = result.updated ? staged_->bank : state_.bank;
  result.bank_entries = bank.entries();
  result.bank_weights = bank.weights();
  return result;
}

bool ZoaMethod::learn(Forward& forward, double loss, ZoaState& next, StepResult& result) {
  const KnowledgeBank& bank = next.bank;
  std::vector<double> direction(bank.parameters());
  std::vector<double> alpha_direction(bank.entries() + 1);
  draw(next, direction, alpha_direction);

  std::vector<double> alpha(bank.alpha().begin(), bank.alpha().end());
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    alpha[i] += options_.c_alpha * alpha_direction[i];
  }
  std::vector<double> offsets = bank.total(alpha);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    offsets[i] += options_.c * direction[i];
  }
  const PassOutput second = run_pass(forward, offsets, {});
  const double perturbed = compute_loss(model_, stats_, options_.lambda, second).total;
  result.loss_perturbed = perturbed;

  const double difference = perturbed - loss;
  std::vector<float> eps(bank.parameters());
  update_offsets({difference, options_.c, options_.lr, options_.wd}, bank.eps(), direction, eps);
  if (!all_finite(eps)) {
    return false;
  }
  alpha.assign(bank.alpha().begin(), bank.alpha().end());
  if (bank.entries() > 0) {
    update_alpha({difference, options_.c_alpha, options_.lr_alpha, options_.wd_alpha}, bank.alpha(),
                 alpha_direction, alpha);
  }
  next.bank.assign(std::move(alpha), std::move(eps));
  ++next.step;
  return true;
}

void ZoaMethod::accept() {
  if (staged_) {
    state_ = std::move(*staged_);
    staged_.reset();
  }
}

void ZoaMethod::reset() {
  staged_.reset();
  state_ = make_state();
}

void ZoaMethod::load(StateReader& reader) {
  ZoaState loaded = make_state();
  loaded.load(reader, model_.stem_channels);
  state_ = std::move(loaded);
  staged_.reset();
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
  info.uses_batch_statistics = model.has_batch_norm;
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
