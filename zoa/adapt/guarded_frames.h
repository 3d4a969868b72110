// SPDX-License-Identifier: Apache-2.0
// The guards over windows of single frames (methods/frame_method.h). A frame is answered before its
// window has a verdict, so the verdict of the last window says whose answers count in the next one;
// frames that teach nothing (constant, repeated) are kept out one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/adapt/guard_keeper.h"
#include "zoa/methods/frame_method.h"

namespace zoa {

class GuardedFrames final : public FrameMethod {
 public:
  /// What was gathered in the present window, and whose answers count in it.
  struct Window {
    Window(double duplicate_distance, std::size_t classes)
        : census(duplicate_distance), plain(classes), answers(classes) {}
    bool plain_answers = false;  // as the last window's verdict was
    WindowCensus census;
    AnswerCensus plain;
    AnswerCensus answers;             // of the method
    std::vector<std::uint8_t> start;  // the method's state before the first frame, if frames change
                                      // it; empty: none
  };

  /// Both must outlive this.
  GuardedFrames(GuardKeeper& keeper, FrameMethod& method, std::size_t classes);

  std::size_t frame_passes() const override { return method_->frame_passes(); }
  SlotValues frame_values(std::size_t index) override { return method_->frame_values(index); }
  FramePlan plan_frame(bool is_finite) override;
  bool has_passes() const override { return plan_.method; }
  bool replaces_answer() override;
  bool admit_frame(const Batch& frame) override;
  void observe_frame(const PassOutput& answered) override;
  void observe_plain(std::span<const float> logits) override;
  bool observes_frames() const override { return method_->observes_frames(); }
  std::string guard_text(bool has_ended) const override;
  std::size_t frame_bytes() const override;
  /// The window is over then; what it asks for waits for accept().
  StepResult learn(const WindowSums& sums) override;

  void accept();
  void discard() { staged_.reset(); }
  void reset();

  void save(StateWriter& writer) const;
  /// A state that knows no guarded frames has an empty window.
  /// Throws  StateMismatch, BadFile.
  Window read(const StateReader& reader) const;
  void take(Window window);

 private:
  struct Staged {
    Guard guard;
    StepAction action = StepAction::Discard;
    std::vector<std::uint8_t> start;
  };

  void note(GuardReason reason);
  FramePlan plan_window() const;
  WindowFacts usual_window() const;
  Window empty_window() const;
  GuardedStep judge(const WindowSums& sums, Guard& guard);

  GuardKeeper* keeper_;
  FrameMethod* method_;
  std::size_t classes_;
  Window window_;
  FramePlan plan_;                    // of the present window
  std::vector<GuardReason> reasons_;  // of the latest frame
  std::optional<Staged> staged_;
};

}  // namespace zoa
