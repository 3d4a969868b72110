// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/align.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/align_state.h"
#include "zoa/methods/aligned_norms.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

constexpr double kUsualBatch = 64;

AlignState first_state(const AlignOptions& options,
                       const ModelInfo& model,
                       const SourceStats& stats,
                       const AlignedNorms& norms) {
  const RunningOptions running{options.prior, options.momentum};
  const AlignMoments source{norms.source(running),
                            RunningMoments(source_feature_mean(model, stats),
                                           source_feature_variance(model, stats), running)};
  const DomainOptions domain{options.threshold, options.stem_momentum,
                             static_cast<std::size_t>(options.domain_batch)};
  return {source, source, {}, DomainDetector(domain), model.stem_channels};
}

AlignRule make_rule(const AlignOptions& options) {
  return {options.lam, options.scale, options.clamp, options.doubt};
}

bool measures_all(const PassOutput& output) {
  return all_finite(output.site_mean) && all_finite(output.site_variance) &&
         all_finite(output.logits) && all_finite(output.taps);
}

class Align : public StagedMethod<AlignState>, public FrameMethod {
 public:
  Align(const AlignOptions& options,
        const ModelInfo& model,
        const SourceStats& stats,
        const AlignedNorms& norms)
      : StagedMethod(align_info(options, model),
                     list_options(options),
                     first_state(options, model, stats, norms)),
        options_(options),
        model_(model),
        feature_mean_(source_feature_mean(model, stats)),
        feature_variance_(source_feature_variance(model, stats)),
        source_(state().running),
        norms_(norms) {}

  StepResult step(const Batch& batch, Forward& forward) override;

  FrameMethod* frames() override { return this; }
  std::size_t frame_passes() const override { return 1; }
  SlotValues frame_values(std::size_t /*index*/) override { return fill(state().running, 1); }
  void observe_frame(const PassOutput& answered) override {
    if (measures_all(answered)) {
      observe(live_state(), answered, 1);
    }
  }
  bool observes_frames() const override { return true; }
  StepResult learn(const WindowSums& window) override;

 private:
  SlotValues fill(const AlignMoments& moments, std::size_t images);
  void observe(AlignState& state, const PassOutput& output, std::size_t images) const;
  DomainVerdict end_window(AlignState& state) const;

  AlignOptions options_;
  ModelInfo model_;
  std::vector<float> feature_mean_;      // (D) source
  std::vector<float> feature_variance_;  // (D)
  AlignMoments source_;                  // what a new domain begins with
  AlignedNorms norms_;
  std::vector<float> shift_;  // of the present pass
  float mix_ = 0;
};

SlotValues Align::fill(const AlignMoments& moments, std::size_t images) {
  SlotValues values(model_.slots.size());
  norms_.fill(values, moments.norms);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (model_.slots[i].kind == SlotKind::NormMix) {
      const auto count = static_cast<double>(images);
      mix_ = static_cast<float>(count / (count + kUsualBatch * (1 / options_.own - 1)));
      values[i] = std::span(&mix_, 1);
    }
    if (model_.slots[i].kind == SlotKind::FeatureShift) {
      const auto mean = moments.feature.mean();
      const double share =
          options_.shift *
          compute_evidence({mean, feature_mean_, feature_variance_, feature_variance_},
                           moments.feature.images(), options_.doubt);
      shift_.resize(mean.size());
      for (std::size_t j = 0; j < shift_.size(); ++j) {
        shift_[j] = static_cast<float>(share * (static_cast<double>(feature_mean_[j]) - mean[j]));
      }
      values[i] = shift_;
    }
  }
  return values;
}

// The feature without the shift, of the norms what arrived before their correction.
void Align::observe(AlignState& state, const PassOutput& output, std::size_t images) const {
  const std::vector<double> mean(output.site_mean.begin(), output.site_mean.end());
  const std::vector<double> variance(output.site_variance.begin(), output.site_variance.end());
  const std::vector<double> feature =
      compute_moments(last_features(model_, output), feature_mean_.size()).mean;
  const std::vector<double> none(feature.size());
  for (AlignMoments* moments : {&state.running, &state.recent}) {
    moments->norms.observe(mean, variance, images);
    moments->feature.observe(feature, none, images);
  }
}

// Once enough images have come. Where they are of a new domain, they are all that is known of it.
DomainVerdict Align::end_window(AlignState& state) const {
  if (state.window.count() < static_cast<std::size_t>(options_.domain_batch)) {
    return {};
  }
  const DomainVerdict verdict = state.detector.observe(state.window.stats());
  if (verdict.changed) {
    state.running = state.recent;
  }
  state.window = {};
  state.recent = source_;
  return verdict;
}

StepResult Align::step(const Batch& batch, Forward& forward) {
  begin(batch, forward);
  AlignState next = state();
  const bool first = next.detector.running().empty();
  next.window.add(forward.stem());
  const bool whole = next.window.count() == batch.count;  // the batch is the window
  const DomainVerdict verdict = end_window(next);
  const bool begins = (verdict.changed || first) && whole && next.window.count() == 0;
  if (begins) {
    next.running = source_;
  }
  PassOutput output = forward.pass(fill(next.running, batch.count));
  bool learns = measures_all(output);
  if (begins && learns && options_.restart) {
    AlignState seen = next;
    observe(seen, output, batch.count);
    output = forward.pass(fill(seen.running, batch.count));
    learns = measures_all(output);
  }
  StepResult result = make_result(output.answer, output.logits, model_.classes);
  result.domain_distance = verdict.distance;
  if (learns && std::isfinite(result.loss)) {
    result.domain_changed = verdict.changed;
    observe(next, output, batch.count);
    if (next.window.count() == 0) {
      next.recent = source_;
    }
    stage(std::move(next), result);
  }
  return result;
}

// Differs from a batch: its frames were answered before the change was known.
StepResult Align::learn(const WindowSums& window) {
  AlignState next = state();
  StepResult result;
  result.entropy = window.passes.at(0).entropy();
  result.loss = result.entropy;
  next.window.add(window.stem.stats());
  const DomainVerdict verdict = end_window(next);
  result.domain_distance = verdict.distance;
  result.domain_changed = verdict.changed;
  stage(std::move(next), result);
  return result;
}

}  // namespace

AlignOptions default_align_options(const ModelInfo& model) {
  AlignOptions options;
  options.norms = "^(blocks|stage[0-9]+)\\.(?!0\\.).*norm";
  if (model.has_batch_norm) {
    options.own = 0.3;
    options.shift = 0;
  }
  return options;
}

MethodInfo align_info(const AlignOptions& options, const ModelInfo& model) {
  MethodInfo info;
  info.name = "align";
  info.title = "norms led back to clean statistics in closed form, one pass per batch";
  info.paper = "ours: docs/methods/align.md";
  info.most_passes = options.restart ? 2 : 1;
  SiteRequest request;
  if (model.has_batch_norm) {
    request.kind = SiteKind::NormInput;
    info.slots = {SlotKind::NormMean, SlotKind::NormVariance};
    if (options.own > 0) {
      info.slots.push_back(SlotKind::NormMix);
    }
  } else {
    request.kind = SiteKind::Normalised;
    request.variance = options.scale;
    info.slots = {SlotKind::NormGamma, SlotKind::NormBeta};
    info.norms = options.norms;
  }
  info.sites = {request};
  if (options.shift > 0) {
    info.slots.push_back(SlotKind::FeatureShift);
  }
  info.needs_taps = true;
  info.needs_source = true;
  info.needs_stem = true;
  return info;
}

std::unique_ptr<Method> make_align(const AlignOptions& options,
                                   std::uint64_t /*seed*/,
                                   const ModelInfo& model,
                                   const SourceStats& stats) {
  check_options(options);
  check_loss(model, stats);
  return std::make_unique<Align>(options, model, stats,
                                 AlignedNorms(model, stats, make_rule(options)));
}

}  // namespace zoa
