// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/noadapt.h"

#include <cstdint>

#include "zoa/core/error.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr char kName[] = "noadapt";
constexpr std::int64_t kVersion = 1;

class NoAdapt : public Method, public FrameMethod {
 public:
  explicit NoAdapt(const ModelInfo& model)
      : info_(noadapt_info({}, model)), classes_(model.classes) {}

  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return {}; }

  StepResult step(const Batch& batch, Forward& forward) override {
    check_batch(batch);
    forward.begin(batch);
    const PassOutput output = forward.pass(SlotValues(forward.info().slots.size()));
    return make_result(output.answer, output.logits, classes_);
  }

  void accept() override {}
  void discard() override {}
  void reset() override {}

  void save(StateWriter& writer) const override { save_version(writer, kName, kVersion); }
  void load(StateReader& reader) override { check_version(reader, kName, kVersion); }

  FrameMethod* frames() override { return this; }
  std::size_t frame_passes() const override { return 1; }
  SlotValues frame_values(std::size_t /*index*/) override { return {}; }
  void observe_frame(const PassOutput& /*answered*/) override {}
  StepResult learn(const WindowSums& window) override {
    StepResult result;
    result.loss = result.entropy = window.passes.at(0).entropy();
    return result;
  }

 private:
  MethodInfo info_;
  std::size_t classes_;
};

}  // namespace

NoAdaptOptions default_noadapt_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo noadapt_info(const NoAdaptOptions& /*options*/, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = kName;
  info.title = "the model as shipped, one pass per batch";
  info.paper = "none: the baseline";
  return info;
}

std::unique_ptr<Method> make_noadapt(const NoAdaptOptions& /*options*/,
                                     std::uint64_t /*seed*/,
                                     const ModelInfo& model,
                                     const SourceStats& /*stats*/) {
  if (model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no classes");
  }
  return std::make_unique<NoAdapt>(model);
}

}  // namespace zoa
