// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bn_ema.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/bn.h"
#include "zoa/methods/norm_slots.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

// Running statistics of all BatchNorms side by side.
struct Running {
  std::vector<double> mean;
  std::vector<double> variance;

  void save(StateWriter& writer, const std::string& prefix) const {
    writer.put_f64(prefix + ".mean", mean);
    writer.put_f64(prefix + ".variance", variance);
  }

  void load(const StateReader& reader, const std::string& prefix) {
    std::vector<double> means = reader.get_f64(prefix + ".mean");
    std::vector<double> variances = reader.get_f64(prefix + ".variance");
    if (means.size() != mean.size() || variances.size() != variance.size()) {
      fail(ErrorCode::StateMismatch, "state has ", means.size(), " means and ", variances.size(),
           " variances of BatchNorms, the model ", mean.size());
    }
    if (!all_finite(means) || !all_finite(variances) || any_negative(variances)) {
      fail(ErrorCode::BadFile, "state has statistics of BatchNorms that are none");
    }
    mean = std::move(means);
    variance = std::move(variances);
  }
};

Running shipped(const ModelInfo& model) {
  const ShippedNorms norms = shipped_norms(model, find_norm_slots(model));
  return {{norms.mean.begin(), norms.mean.end()}, {norms.variance.begin(), norms.variance.end()}};
}

class BnEma : public StagedMethod<Running> {
 public:
  BnEma(const BnEmaOptions& options, const ModelInfo& model)
      : StagedMethod(bn_ema_info(options, model), list_options(options), shipped(model)),
        momentum_(options.momentum),
        slots_(model.slots.size()),
        classes_(model.classes),
        mix_slot_(find_slot(model, SlotKind::NormMix)),
        norms_(find_norm_slots(model)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const float whole = 1;
    SlotValues values(slots_);
    values[mix_slot_] = std::span(&whole, 1);
    const PassOutput measured = forward.pass(values);
    const bool learns = all_finite(measured.site_mean) && all_finite(measured.site_variance);
    Running next = state();
    if (learns) {
      observe(measured, batch.count, next);
    }

    const std::vector<float> mean(next.mean.begin(), next.mean.end());
    const std::vector<float> variance(next.variance.begin(), next.variance.end());
    const float none = 0;
    values[mix_slot_] = std::span(&none, 1);
    for (const NormSlots& norm : norms_) {
      values[norm.mean_slot] = std::span(mean).subspan(norm.first, norm.channels);
      values[norm.variance_slot] = std::span(variance).subspan(norm.first, norm.channels);
    }
    const PassOutput output = forward.pass(values);
    StepResult result = make_result(output.answer, output.logits, classes_);
    if (learns) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  // As PyTorch does: the variance of n values enters the running one with n - 1.
  // Differs: where there is one value per channel, which PyTorch refuses, the variance stays.
  void observe(const PassOutput& measured, std::size_t images, Running& next) const {
    for (const NormSlots& norm : norms_) {
      const auto count = static_cast<double>(images * norm.positions);
      const double share = count < 2 ? 0 : momentum_;
      const double unbiased = count < 2 ? 0 : count / (count - 1);
      for (std::size_t c = 0; c < norm.channels; ++c) {
        double& mean = next.mean[norm.first + c];
        double& variance = next.variance[norm.first + c];
        const double seen =
            std::max(static_cast<double>(measured.site_variance[norm.site + c]), 0.0);
        mean = (1 - momentum_) * mean +
               momentum_ * static_cast<double>(measured.site_mean[norm.site + c]);
        variance = (1 - share) * variance + share * unbiased * seen;
      }
    }
  }

  double momentum_;
  std::size_t slots_;
  std::size_t classes_;
  std::size_t mix_slot_;
  std::vector<NormSlots> norms_;
};

}  // namespace

BnEmaOptions default_bn_ema_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo bn_ema_info(const BnEmaOptions& /*options*/, const ModelInfo& model) {
  check_batch_norm(model, "bn-ema");
  MethodInfo info;
  info.name = "bn-ema";
  info.title = "BatchNorms on running statistics of the stream, two passes per batch";
  info.paper =
      "second-hand: the code of Marsden, Doebler and Yang (arXiv 2306.00650), after "
      "arXiv 2006.16971";
  info.most_passes = 2;
  info.slots = {SlotKind::NormMean, SlotKind::NormVariance, SlotKind::NormMix};
  info.sites = {norm_inputs()};
  return info;
}

std::unique_ptr<Method> make_bn_ema(const BnEmaOptions& options,
                                    std::uint64_t /*seed*/,
                                    const ModelInfo& model,
                                    const SourceStats& /*stats*/) {
  if (model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no classes");
  }
  check_batch_norm(model, "bn-ema");
  return std::make_unique<BnEma>(options, model);
}

}  // namespace zoa
