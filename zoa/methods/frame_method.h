// SPDX-License-Identifier: Apache-2.0
// What a method offers that can learn from single frames: the slot values of its passes are known
// before the frames come, and its update needs sums over a window only. Method::frames() gives it.
#pragma once

#include <cstddef>

#include "zoa/core/forward.h"
#include "zoa/methods/method.h"
#include "zoa/methods/window.h"

namespace zoa {

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

  /// Method::step() for a whole window that went through the passes: stages an update. The result
  /// has no logits. accept() and discard() as after step().
  virtual StepResult learn(const WindowSums& window) = 0;
};

}  // namespace zoa
