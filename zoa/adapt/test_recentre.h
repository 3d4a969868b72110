// SPDX-License-Identifier: Apache-2.0
// A method that is easy to harm: it takes the mean answer of the last window away from the next
// ones (a shift of classes, which is right for windows of all classes only). For tests.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/frame_method.h"
#include "zoa/methods/staged.h"

namespace zoa::test {

struct RecentreOptions {
  double strength = 1;       ///< times the mean that is taken away
  double difference = 0.01;  ///< loss_perturbed - loss of every step
  bool batch_statistics = false;
};

struct MeanAnswer {
  std::vector<double> mean;

  void save(StateWriter& writer, const std::string& prefix) const {
    writer.put_f64(prefix + ".mean", mean);
  }
  void load(const StateReader& reader, const std::string& prefix) {
    mean = reader.get_f64(prefix + ".mean");
  }
};

inline MethodInfo recentre_info(const RecentreOptions& options) {
  MethodInfo info;
  info.name = "recentre";
  info.uses_batch_statistics = options.batch_statistics;
  return info;
}

class Recentre final : public StagedMethod<MeanAnswer> {
 public:
  Recentre(const RecentreOptions& options, const ModelInfo& model)
      : StagedMethod(recentre_info(options), {}, MeanAnswer{std::vector<double>(model.classes)}),
        options_(options),
        classes_(model.classes) {}

  RecentreOptions& change() { return options_; }

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = forward.pass(SlotValues(forward.info().slots.size()));
    MeanAnswer next{std::vector<double>(classes_)};
    std::vector<float> answer(output.logits.begin(), output.logits.end());
    for (std::size_t i = 0; i < answer.size(); ++i) {
      next.mean[i % classes_] += static_cast<double>(answer[i]) / static_cast<double>(batch.count);
      answer[i] -= static_cast<float>(options_.strength * state().mean[i % classes_]);
    }
    StepResult result = make_result(answer, answer, classes_);
    result.loss_perturbed = result.loss + options_.difference;
    stage(std::move(next), result);
    return result;
  }

 private:
  RecentreOptions options_;
  std::size_t classes_;
};

inline MethodInfo recentre_frames_info(const RecentreOptions& options) {
  MethodInfo info = recentre_info(options);
  info.slots = {SlotKind::FeatureShift};
  info.needs_taps = true;
  return info;
}

/// The same for single frames: takes the mean feature of the last window away, which is the same,
/// as the head is linear. Frames only.
class RecentreFrames final : public StagedMethod<MeanAnswer>, public FrameMethod {
 public:
  RecentreFrames(const RecentreOptions& options, const ModelInfo& model)
      : StagedMethod(recentre_frames_info(options),
                     {},
                     MeanAnswer{std::vector<double>(model.taps.back().width)}),
        options_(options),
        tap_(model.taps.back()) {}

  RecentreOptions& change() { return options_; }

  StepResult step(const Batch& /*batch*/, Forward& /*forward*/) override {
    fail(ErrorCode::Internal, "for frames only");
  }
  FrameMethod* frames() override { return this; }
  std::size_t frame_passes() const override { return 1; }
  SlotValues frame_values(std::size_t /*index*/) override {
    shift_.clear();
    for (const double mean : state().mean) {
      shift_.push_back(static_cast<float>(-options_.strength * mean));
    }
    return {std::span<const float>(shift_)};
  }
  void observe_frame(const PassOutput& /*answered*/) override {}
  StepResult learn(const WindowSums& window) override {
    const std::vector<double> means = window.passes.at(0).moments().mean;
    MeanAnswer next;
    for (std::size_t i = 0; i < tap_.width; ++i) {
      next.mean.push_back(means[tap_.offset + i]);
    }
    StepResult result;
    result.loss = result.entropy = window.passes[0].entropy();
    result.loss_perturbed = result.loss + options_.difference;
    stage(std::move(next), result);
    return result;
  }

 private:
  RecentreOptions options_;
  TapInfo tap_;
  std::vector<float> shift_;
};

}  // namespace zoa::test
