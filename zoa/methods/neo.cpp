// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/neo.h"

#include <span>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

struct Centre {
  std::vector<double> mean;  // (D), zeros at the start
  std::int64_t count = 0;    // images in it

  void observe(std::span<const double> batch_mean, double share) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] = (1 - share) * mean[i] + share * batch_mean[i];
    }
  }

  void save(StateWriter& writer, const std::string& prefix) const {
    writer.put_f64(prefix + ".mean", mean);
    writer.put_i64(prefix + ".count", std::vector<std::int64_t>{count});
  }

  void load(const StateReader& reader, const std::string& prefix) {
    const std::vector<double> loaded = reader.get_f64(prefix + ".mean");
    const std::vector<std::int64_t> counts = reader.get_i64(prefix + ".count");
    if (loaded.size() != mean.size() || counts.size() != 1) {
      fail(ErrorCode::StateMismatch, "state has a centre of ", loaded.size(),
           " values, the model's feature has ", mean.size());
    }
    if (!all_finite(loaded) || counts[0] < 0) {
      fail(ErrorCode::BadFile, "state has a centre that is no mean of features");
    }
    mean = loaded;
    count = counts[0];
  }
};

class Neo : public StagedMethod<Centre> {
 public:
  Neo(const NeoOptions& options, const ModelInfo& model)
      : StagedMethod(neo_info(options, model),
                     list_options(options),
                     {std::vector<double>(model.taps.back().width, 0.0), 0}),
        options_(options),
        model_(model) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = forward.pass(SlotValues(model_.slots.size()));
    std::vector<float> features = last_features(model_, output);
    const std::vector<double> mean = compute_moments(features, model_.taps.back().width).mean;

    // The batch's own features are in the centre that it is answered with.
    Centre next = state();
    const bool learns = all_finite(mean);
    if (learns) {
      next.count += static_cast<std::int64_t>(batch.count);
      next.observe(mean, options_.continual
                             ? options_.momentum
                             : static_cast<double>(batch.count) / static_cast<double>(next.count));
    }
    for (std::size_t i = 0; i < features.size(); ++i) {
      features[i] =
          static_cast<float>(static_cast<double>(features[i]) - next.mean[i % next.mean.size()]);
    }
    StepResult result = make_result(forward.run_head(features), output.logits, model_.classes);
    if (learns) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  NeoOptions options_;
  ModelInfo model_;
};

}  // namespace

NeoOptions default_neo_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo neo_info(const NeoOptions& /*options*/, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = "neo";
  info.title = "the stream's features centred at the origin, one pass per batch, no source data";
  info.paper =
      "NEO: No-Optimization Test-Time Adaptation through Latent Re-Centering, ICLR 2026, "
      "arXiv 2510.05635";
  info.needs_taps = true;
  info.needs_head = true;
  return info;
}

std::unique_ptr<Method> make_neo(const NeoOptions& options,
                                 std::uint64_t /*seed*/,
                                 const ModelInfo& model,
                                 const SourceStats& /*stats*/) {
  check_features(model);
  return std::make_unique<Neo>(options, model);
}

}  // namespace zoa
