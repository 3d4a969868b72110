// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/quar.h"

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/running_moments.h"
#include "zoa/methods/site_slots.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

struct QuarState {
  RunningMoments sites;    // all sites side by side
  RunningMoments feature;  // the last one, after the sites' corrections

  void save(StateWriter& writer, const std::string& prefix) const {
    sites.save(writer, prefix + ".sites");
    feature.save(writer, prefix + ".feature");
  }
  void load(const StateReader& reader, const std::string& prefix) {
    sites.load(reader, prefix + ".sites");
    feature.load(reader, prefix + ".feature");
  }
};

std::vector<double> to_doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

// Mean and biased variance over the batch.
void observe_rows(RunningMoments& running, std::span<const float> rows, std::size_t width) {
  const BatchMoments moments = compute_moments(rows, width);
  const std::size_t count = rows.size() / width;
  std::vector<double> variance(width);
  for (std::size_t j = 0; j < moments.deviation.size(); ++j) {
    variance[j] = moments.deviation[j] * moments.deviation[j] * static_cast<double>(count - 1) /
                  static_cast<double>(count);
  }
  running.observe(moments.mean, variance, count);
}

QuarState first_state(const QuarOptions& options,
                      const ModelInfo& model,
                      const SourceStats& stats) {
  const RunningOptions running{options.prior, options.momentum};
  return {RunningMoments(stats.site_mean, stats.site_variance, running),
          RunningMoments(source_feature_mean(model, stats), source_feature_variance(model, stats),
                         running)};
}

class Quar : public StagedMethod<QuarState> {
 public:
  Quar(const QuarOptions& options, const ModelInfo& model, const SourceStats& stats)
      : StagedMethod(
            quar_info(options, model), list_options(options), first_state(options, model, stats)),
        options_(options),
        model_(model),
        stats_(stats),
        feature_mean_(source_feature_mean(model, stats)),
        feature_variance_(source_feature_variance(model, stats)) {
    slots_.reserve(model_.sites.size());
    for (const SiteInfo& site : model_.sites) {
      slots_.push_back(find_site_slots(model_, site));
    }
  }

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = run_pass(forward);
    const std::vector<float> features = last_features(model_, output);
    QuarState next = state();
    const bool finite = all_finite(output.site_mean) && all_finite(output.site_variance) &&
                        all_finite(features) && all_finite(output.logits);
    if (finite) {
      next.sites.observe(to_doubles(output.site_mean), to_doubles(output.site_variance),
                         batch.count);
      observe_rows(next.feature, features, feature_mean_.size());
    }
    StepResult result = make_result(output.answer, output.logits, model_.classes);
    if (options_.lam_global > 0) {
      // A batch with a bad number is answered by the statistics before it.
      const auto logits = forward.run_head(align_features(features, next.feature));
      result = make_result(logits, logits, model_.classes);
    }
    if (finite && std::isfinite(result.loss)) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  // The statistics of earlier batches correct this one.
  PassOutput run_pass(Forward& forward) {
    SlotValues slots(model_.slots.size());
    scales_.assign(model_.site_width, 1);
    offsets_.assign(model_.site_width, 0);
    const RunningMoments& running = state().sites;
    for (std::size_t c = 0; c < model_.site_width; ++c) {
      const ChannelMap map = align_channel(
          {running.mean()[c], running.variance(c)},
          {static_cast<double>(stats_.site_mean[c]), static_cast<double>(stats_.site_variance[c])},
          options_.lam, options_.clamp);
      scales_[c] = static_cast<float>(map.scale);
      offsets_[c] = static_cast<float>(map.offset);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const SiteInfo& site = model_.sites[i];
      slots[slots_[i].factor] = std::span(scales_).subspan(site.offset, site.channels);
      slots[slots_[i].offset] = std::span(offsets_).subspan(site.offset, site.channels);
    }
    return forward.pass(slots);
  }

  std::vector<float> align_features(const std::vector<float>& features,
                                    const RunningMoments& running) const {
    const std::size_t width = feature_mean_.size();
    std::vector<ChannelMap> maps;
    maps.reserve(width);
    for (std::size_t j = 0; j < width; ++j) {
      maps.push_back(align_channel(
          {running.mean()[j], running.variance(j)},
          {static_cast<double>(feature_mean_[j]), static_cast<double>(feature_variance_[j])},
          options_.lam_global, options_.clamp));
    }
    std::vector<float> aligned(features.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
      const ChannelMap& map = maps[i % width];
      aligned[i] = static_cast<float>(static_cast<double>(features[i]) * map.scale + map.offset);
    }
    return aligned;
  }

  QuarOptions options_;
  ModelInfo model_;
  SourceStats stats_;
  std::vector<SiteSlots> slots_;         // in the order of ModelInfo::sites
  std::vector<float> feature_mean_;      // (D) source
  std::vector<float> feature_variance_;  // (D) source
  std::vector<float> scales_;            // (site_width) of the present pass
  std::vector<float> offsets_;
};

}  // namespace

QuarOptions default_quar_options(const ModelInfo& model) {
  QuarOptions options;
  if (model.family == Family::Cnn) {
    options.lam = 0.25;
  }
  return options;
}

MethodInfo quar_info(const QuarOptions& options, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = "quar";
  info.title = "late layer inputs and the last feature moved to clean statistics, one pass";
  info.paper = "QuAR, arXiv 2610.08358 (from a second-hand summary)";
  if (options.lam > 0) {
    info.slots = {SlotKind::SiteScale, SlotKind::SiteOffset};
    SiteRequest request;
    request.kind = SiteKind::LayerInput;
    request.form = SiteForm::Diagonal;
    request.from_depth = options.from_depth;
    info.sites = {request};
  }
  info.needs_head = options.lam_global > 0;
  info.needs_taps = true;
  info.needs_source = true;
  return info;
}

std::unique_ptr<Method> make_quar(const QuarOptions& options,
                                  std::uint64_t /*seed*/,
                                  const ModelInfo& model,
                                  const SourceStats& stats) {
  check_options(options);
  check_loss(model, stats);
  check_site_stats(model, stats);
  return std::make_unique<Quar>(options, model, stats);
}

}  // namespace zoa
