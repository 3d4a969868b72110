// SPDX-License-Identifier: Apache-2.0
// Adaptation to a stream of single frames: every frame is answered at once from one pass at the
// present parameters; the further passes of the method run right after, or later in slices of time,
// and leave sums in a window (methods/window.h). A full window teaches the method once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "zoa/adapt/frame_options.h"
#include "zoa/core/state.h"
#include "zoa/methods/frame_method.h"

namespace zoa {

/// Why a frame was answered but not learnt from.
enum class FrameSkip {
  None,       ///< it is in the window
  Late,       ///< too many frames wait for their further passes, or the window for its last ones
  NotFinite,  ///< a pixel, a feature or an answer is not a number
  Frozen,     ///< learning is switched off
  Guarded,    ///< the guards keep it out, or nothing is learnt at present
};

const char* to_string(FrameSkip skip) noexcept;

struct FrameAnswer {
  std::vector<float> logits;         ///< (K) what the user gets
  double entropy = 0;                ///< nats, of the unshifted answer
  FrameSkip skip = FrameSkip::None;  ///< why the window did not take it
  bool plain = false;                ///< it is the answer of the network as shipped
  std::string guard;  ///< state of the guards, and what they found in this frame or in the window
                      ///< that ended, e.g. "hold: one_class"; "": none
  std::optional<StepResult> learnt;  ///< of the window that ended since the last call
};

struct FrameCounters {
  std::uint64_t frames = 0;  ///< answered
  std::uint64_t late = 0;    ///< by FrameSkip
  std::uint64_t not_finite = 0;
  std::uint64_t frozen = 0;
  std::uint64_t guarded = 0;
  std::uint64_t plain = 0;    ///< frames that the network as shipped answered
  std::uint64_t windows = 0;  ///< full ones
  std::uint64_t updates = 0;  ///< that changed the parameters
  std::uint64_t waited = 0;   ///< frames whose further passes did not run with their first one

  /// f(name, counter) for each.
  template <class F>
  void visit(F&& f) {
    f("frames", frames);
    f("late", late);
    f("not_finite", not_finite);
    f("frozen", frozen);
    f("guarded", guarded);
    f("plain", plain);
    f("windows", windows);
    f("updates", updates);
    f("waited", waited);
  }
};

/// Of a saved state; none where it knows no frames.
/// Throws  StateMismatch for those of another version of frame streams.
std::optional<FrameCounters> read_frame_counters(const StateReader& reader);

class FrameStream {
 public:
  /// Both must outlive the stream.
  /// Throws  InvalidArgument for options out of range; UnsupportedModel for a method that learns
  ///         from batches only.
  FrameStream(Method& method, Forward& forward, const FrameOptions& options);

  /// Answers one frame. With a budget the further passes of this and earlier frames run only as
  /// long as they are expected to end within it, counted from the start of this call.
  /// frame  one preprocessed image
  /// Throws  InvalidArgument for another number of images; what the engine throws.
  FrameAnswer push(const Batch& frame);

  /// Runs further passes that wait, until the time is over (negative: all). True if none is left.
  bool step(double milliseconds);

  /// Answers go on at the present parameters, nothing is learnt.
  void freeze(bool frozen) { frozen_ = frozen; }
  /// The method as newly made; an empty window. Counters stay.
  void reset();

  const FrameCounters& counters() const { return counters_; }
  std::size_t window_frames() const { return admitted_; }  ///< in the present window
  std::size_t waiting() const { return waiting_.size(); }
  /// Memory that the stream keeps beside engine and method: sums, and frames that may wait.
  std::size_t bytes() const;

  /// Of method, window and counters. Passes that wait are run first.
  void save(StateWriter& writer);
  /// A state of the method alone begins with an empty window.
  /// Throws  StateMismatch for another window, method or network; BadFile. Nothing is changed then.
  void load(StateReader& reader);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Batch frame;
    bool in_engine = false;  // begin() was not called for another one since
    FramePlan plan;
  };
  struct SavedWindow {
    WindowSums sums;
    std::size_t frames = 0;
    FrameCounters counters;
  };

  PassOutput answer(const Batch& frame, const FramePlan& plan, FrameAnswer& answer);
  FrameSkip admit(const Batch& frame, FrameSkip found);
  void enter(const FramePlan& plan, const PassOutput& output, FrameAnswer& answer);
  void count(const FrameAnswer& answer);
  void run_waiting(Clock::time_point start, double milliseconds);
  void run_further_passes(Waiting& item);
  void end_if_full();
  void end_window();
  WindowSums empty_window() const;
  SavedWindow read_window(const StateReader& reader) const;
  void clear_window();

  Method* method_;
  FrameMethod* frames_;
  Forward* forward_;
  FrameOptions options_;
  bool frozen_ = false;
  FrameCounters counters_;
  WindowSums window_;
  std::size_t admitted_ = 0;  // to the present window
  std::size_t done_ = 0;      // of those, the ones that need no more passes
  std::deque<Waiting> waiting_;
  double expected_ms_ = 0;  // of the further passes of a frame; 0 = not known
  std::optional<StepResult> learnt_;
};

}  // namespace zoa
