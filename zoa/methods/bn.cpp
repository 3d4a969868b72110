// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bn.h"

#include <span>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

class Bn : public StagedMethod<NoState> {
 public:
  Bn(const BnOptions& options, const ModelInfo& model)
      : StagedMethod(bn_info(options, model), list_options(options), {}),
        options_(options),
        slots_(model.slots.size()),
        mix_slot_(find_slot(model, SlotKind::NormMix)),
        classes_(model.classes) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const auto mix = static_cast<float>(batch.count == 1 ? options_.mix_single : options_.mix);
    SlotValues values(slots_);
    values[mix_slot_] = std::span(&mix, 1);
    const PassOutput output = forward.pass(values);
    return make_result(output.answer, output.logits, classes_);
  }

 private:
  BnOptions options_;
  std::size_t slots_;
  std::size_t mix_slot_;
  std::size_t classes_;
};

}  // namespace

void check_batch_norm(const ModelInfo& model, const char* method) {
  if (model.classes > 0 && !model.has_batch_norm) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no BatchNorm, which method '",
         method, "' adapts; 'shift' and 'neo' work on any network");
  }
}

BnOptions default_bn_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo bn_info(const BnOptions& /*options*/, const ModelInfo& model) {
  check_batch_norm(model, "bn");
  MethodInfo info;
  info.name = "bn";
  info.title = "BatchNorms on the statistics of the test batch, one pass per batch";
  info.paper =
      "Improving robustness against common corruptions by covariate shift adaptation, "
      "NeurIPS 2020, arXiv 2006.16971";
  info.slots = {SlotKind::NormMean, SlotKind::NormVariance, SlotKind::NormMix};
  return info;
}

std::unique_ptr<Method> make_bn(const BnOptions& options,
                                std::uint64_t /*seed*/,
                                const ModelInfo& model,
                                const SourceStats& /*stats*/) {
  if (model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no classes");
  }
  return std::make_unique<Bn>(options, model);
}

}  // namespace zoa
