// SPDX-License-Identifier: Apache-2.0
// What a product holds: a quantized network that answers single pictures and adapts to their
// stream. Made for one stream; use it from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/adapt/frame_stream.h"
#include "zoa/adapt/guard_reason.h"
#include "zoa/core/log.h"
#include "zoa/core/state_file.h"
#include "zoa/image/image.h"
#include "zoa/model/model.h"

namespace zoa {

struct AdapterOptions {
  std::string method = "zoa";  ///< zoa, or noadapt: the network as shipped
  /// Of the method, and "guard.NAME" of the guards. Differs: a network with BatchNorms takes
  /// bn=blend where nothing is said, since a frame is no batch.
  OptionValues overrides;
  std::int64_t seed = 2020;
  std::int64_t threads = 0;
  std::string guard = "on";  ///< a preset of the guards: on, evidence, paper or off
  std::string cache;         ///< folder that keeps compiled networks for the next start
  FrameOptions frames;
  LogSink log;  ///< what went wrong and did no harm, e.g. a cache that cannot be written

  /// Those that it holds itself; the method's and those of FrameOptions have names of their own.
  template <class F>
  void visit(F&& f) {
    f(method, OptionMeta{"method", "zoa, or noadapt: the network as shipped"});
    f(seed, OptionMeta{"seed", "of the method's random numbers", 0, 9e15});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
    f(guard, OptionMeta{"guard", "guards against harm: on, evidence, paper or off (both none)"});
    f(cache, OptionMeta{"cache", "folder that keeps compiled networks for the next start"});
  }
};

struct Prediction {
  std::uint64_t frame = 0;           ///< its number in the stream, from 1
  int top1 = -1;                     ///< class index; -1 where the answer is not finite
  double confidence = 0;             ///< probability of top1
  double entropy = 0;                ///< nats
  std::vector<float> logits;         ///< (K)
  FrameSkip skip = FrameSkip::None;  ///< why the frame is not learnt from
  bool plain = false;                ///< answered by the network as shipped
  std::string guard;                 ///< as in FrameAnswer
  std::optional<StepResult> learnt;  ///< of the window that ended since the last call
};

class Adapter {
 public:
  /// Throws  InvalidArgument for unknown names and options; UnsupportedModel; StateMismatch for a
  ///         model without the source statistics that the method needs.
  Adapter(const Model& model, const AdapterOptions& options);
  ~Adapter();
  Adapter(Adapter&&) noexcept;
  Adapter& operator=(Adapter&&) noexcept;

  /// Answers one picture of any size, preprocessed as the model says.
  /// Throws  InvalidArgument for an empty picture.
  Prediction push(const Image& picture);

  /// The same for an image that is already preprocessed, (3, H, W) of the network's input.
  /// Throws  InvalidArgument for another number of values.
  Prediction push(std::span<const float> input);

  /// Work that waits, for at most so many milliseconds (negative: all). True if none is left.
  bool step(double milliseconds);

  void freeze(bool frozen);
  void reset();  ///< as shipped; counters go on

  const FrameCounters& counters() const;
  GuardCounters guard_counters() const;  ///< how often the guards gave each reason
  std::size_t classes() const;
  const std::vector<std::string>& labels() const;
  std::size_t bytes() const;  ///< memory of the stream and of what was learnt, without the engine

  /// All that a later Adapter needs to go on bit for bit as if nothing had happened. Passes that
  /// wait are run first.
  MemoryState save();
  /// Throws  StateMismatch for the state of another network, method or window; BadFile. Nothing is
  ///         changed then.
  void restore(MemoryState state);

  /// The same with a file (adapt/snapshot.h), which keeps the state before as its previous one.
  /// Throws  Io.
  void save_file(const std::string& path);
  /// Gives "", or why the previous one was taken.
  /// Throws  as restore(); Io.
  std::string restore_file(const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoa
