// SPDX-License-Identifier: Apache-2.0
// Any method under guard (adapt/guard.h), as a method: it answers with the wrapped one or with the
// network as shipped, learns only what the guards let through, and goes back by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "zoa/adapt/guard_keeper.h"
#include "zoa/adapt/guarded_frames.h"
#include "zoa/methods/method.h"

namespace zoa {

/// What the guarded method asks of the engine: the method's needs and the plain network.
MethodInfo guarded_info(MethodInfo method);

class GuardedMethod final : public Method {
 public:
  /// model  as the engine made for guarded_info() describes it
  /// Throws  InvalidArgument for options out of range.
  GuardedMethod(std::unique_ptr<Method> method,
                const GuardOptions& options,
                std::uint64_t seed,
                const ModelInfo& model);

  const MethodInfo& info() const override { return info_; }
  /// The method's options, then those of the guards as "guard.NAME".
  std::vector<OptionText> options() const override;

  /// The result is that of the method, but for the answer and its entropy where the plain network
  /// answered; without passes of the method the loss is that entropy.
  StepResult step(const Batch& batch, Forward& forward) override;
  void accept() override;
  void discard() override;
  void reset() override;
  void save(StateWriter& writer) const override;
  /// A state without guards (of the bare method) is taken too: the guards start anew.
  void load(StateReader& reader) override;
  /// The method's under the same guards (adapt/guarded_frames.h); a stream has frames or batches.
  FrameMethod* frames() override;

  /// After accept(): of the latest window, and all so far.
  const Guard& guard() const { return keeper_.guard(); }

 private:
  struct Staged {
    Guard guard;
    StepAction action = StepAction::Discard;
  };

  StepResult answer_plain(std::span<const float> logits, const AnswerFacts& facts) const;
  StepResult run_method(const Batch& batch, Forward& forward, Guard& guard, StepAction& action);

  std::unique_ptr<Method> method_;
  MethodInfo info_;
  ModelInfo model_;
  GuardKeeper keeper_;
  std::optional<Staged> staged_;
  std::unique_ptr<GuardedFrames> frames_;  // from the first call of frames() on
};

/// The images of a batch as the guards count them.
WindowFacts describe_batch(const Batch& batch, double duplicate_distance);

}  // namespace zoa
