// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/noadapt.h"

#include <cstdint>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"

namespace zoa {
namespace {

constexpr char kVersionName[] = "noadapt.version";
constexpr std::int64_t kVersion = 1;

class NoAdapt : public Method {
 public:
  explicit NoAdapt(std::size_t classes) : info_(noadapt_info()), classes_(classes) {}

  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return {}; }

  StepResult step(const Batch& batch, Forward& forward) override {
    if (batch.count == 0) {
      fail(ErrorCode::InvalidArgument, "the batch has no images");
    }
    forward.begin(batch);
    const PassOutput output = forward.pass(SlotValues(forward.info().slots.size()));
    StepResult result;
    result.logits.assign(output.answer.begin(), output.answer.end());
    result.entropy = compute_entropy(output.logits, classes_);
    result.loss = result.entropy;
    return result;
  }

  void accept() override {}
  void discard() override {}
  void reset() override {}

  void save(StateWriter& writer) const override {
    writer.put_i64(kVersionName, std::vector<std::int64_t>{kVersion});
  }

  void load(StateReader& reader) override {
    if (reader.get_i64(kVersionName) != std::vector<std::int64_t>{kVersion}) {
      fail(ErrorCode::StateMismatch, "state was not saved by this version of the method noadapt");
    }
  }

 private:
  MethodInfo info_;
  std::size_t classes_;
};

}  // namespace

MethodInfo noadapt_info() {
  MethodInfo info;
  info.name = "noadapt";
  info.title = "the model as shipped, one pass per batch";
  info.paper = "none: the baseline";
  return info;
}

std::unique_ptr<Method> make_noadapt(const ModelInfo& model) {
  if (model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no classes");
  }
  return std::make_unique<NoAdapt>(model.classes);
}

}  // namespace zoa
