// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/shift.h"

#include <utility>
#include <vector>

#include "zoa/methods/feature_shift.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

class Shift : public StagedMethod<FeatureShift> {
 public:
  Shift(const ShiftOptions& options, const ModelInfo& model, const SourceStats& stats)
      : StagedMethod(shift_info(options, model),
                     list_options(options),
                     {source_feature_mean(model, stats), options.momentum}),
        model_(model),
        slot_(find_slot(model, SlotKind::FeatureShift)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const std::vector<float> shift = state().shift();
    SlotValues values(model_.slots.size());
    values[slot_] = shift;
    const PassOutput output = forward.pass(values);

    StepResult result = make_result(output.answer, output.logits, model_.classes);
    const std::vector<double> mean =
        compute_moments(last_features(model_, output), model_.taps.back().width).mean;
    if (all_finite(mean)) {
      FeatureShift next = state();
      next.observe(mean, false);
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  ModelInfo model_;
  std::size_t slot_;
};

}  // namespace

ShiftOptions default_shift_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo shift_info(const ShiftOptions& /*options*/, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = "shift";
  info.title = "the last feature's mean moved back to clean data's, one pass per batch";
  info.paper =
      "Test-Time Model Adaptation with Only Forward Passes, ICML 2024, arXiv 2404.01650 "
      "(its activation shift alone)";
  info.slots = {SlotKind::FeatureShift};
  info.needs_taps = true;
  info.needs_source = true;
  return info;
}

std::unique_ptr<Method> make_shift(const ShiftOptions& options,
                                   std::uint64_t /*seed*/,
                                   const ModelInfo& model,
                                   const SourceStats& stats) {
  check_features(model);
  return std::make_unique<Shift>(options, model, stats);
}

}  // namespace zoa
