// SPDX-License-Identifier: Apache-2.0
// What a method offers that can learn from single frames: the slot values of its passes are known
// before the frames come, and its update needs sums over a window only. Method::frames() gives it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "zoa/core/forward.h"
#include "zoa/methods/method.h"
#include "zoa/methods/window.h"

namespace zoa {

/// How a frame is treated; a bare method has nothing to say.
struct FramePlan {
  bool plain = false;  ///< the network as shipped answers
  bool method = true;  ///< its frames go through the passes of the method
  bool probe = false;  ///< and through one of the network as shipped
};

class FrameMethod {
 public:
  virtual ~FrameMethod() = default;

  /// Passes that every frame of a window goes through; the first one answers.
  virtual std::size_t frame_passes() const = 0;

  /// Slot values of pass `index` for the next frame. The spans live until the next call of a
  /// function of this method that is not const.
  virtual SlotValues frame_values(std::size_t index) = 0;

  /// Takes what the answering pass of a frame measured inside the network. At once, not staged.
  virtual void observe_frame(const PassOutput& answered) = 0;

  /// Once for every frame, before its passes. The plan is the same for all frames of a window whose
  /// pixels are finite.
  virtual FramePlan plan_frame(bool /*is_finite*/) { return {}; }

  /// Whether the plan for the present window has passes of the method.
  virtual bool has_passes() const { return true; }

  /// The method's answer to the frame is not a number: does the network as shipped answer instead?
  virtual bool replaces_answer() { return false; }

  /// Whether the window may take the frame, once everything else allows it. At once, not staged.
  virtual bool admit_frame(const Batch& /*frame*/) { return true; }

  /// Takes what the network as shipped answers to a frame of the window, where the plan asked it.
  virtual void observe_plain(std::span<const float> /*logits*/) {}

  /// Whether observe_frame() changes the state.
  virtual bool observes_frames() const { return false; }

  /// State of the guards and what they found in the latest frame and, where one has just ended, in
  /// its window, e.g. "adapting: near_duplicates"; "": none.
  virtual std::string guard_text(bool /*has_ended*/) const { return ""; }

  /// Memory that grows with the frames of a window.
  virtual std::size_t frame_bytes() const { return 0; }

  /// Method::step() for a whole window that went through the passes: stages an update. The result
  /// has no logits. accept() and discard() as after step(); accept() also where nothing is staged.
  virtual StepResult learn(const WindowSums& window) = 0;
};

}  // namespace zoa
