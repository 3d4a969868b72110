// SPDX-License-Identifier: Apache-2.0
// Statistics that BatchNorms use in a stream of few images at a time: those that the network ships
// count for some images, those of the stream for as many as came, and the present batch's own for
// its own. A value that can be copied.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/methods/norm_slots.h"
#include "zoa/methods/running_moments.h"

namespace zoa {

class BlendedNorms {
 public:
  BlendedNorms(const ModelInfo& model, const RunningOptions& options);

  /// Sets the statistics of all norms for a pass over `images`. The spans live until the next call
  /// of a function that is not const.
  void fill(SlotValues& values, std::size_t images);

  /// Takes in what a pass over `images` measured. Values that are not finite are left out.
  void observe(const PassOutput& measured, std::size_t images);

  /// A window of frames ends, or a batch begins. With `changed` a new domain has begun with what
  /// was observed since the last call: the statistics keep that, beside what the network ships.
  void end_window(bool changed) {
    if (changed) {
      running_ = recent_;
    }
    recent_ = first_;
  }

  static bool is_saved(const StateReader& reader, const std::string& prefix) {
    return reader.has(prefix + ".norms.mean");
  }
  void save(StateWriter& writer, const std::string& prefix) const {
    running_.save(writer, prefix + ".norms");
    recent_.save(writer, prefix + ".recent_norms");
  }
  /// Throws  StateMismatch, BadFile.
  void load(const StateReader& reader, const std::string& prefix) {
    running_.load(reader, prefix + ".norms");
    recent_.load(reader, prefix + ".recent_norms");
  }

 private:
  std::vector<NormSlots> norms_;
  std::size_t mix_slot_;
  RunningMoments first_;
  RunningMoments running_;
  RunningMoments recent_;    // of the present window
  std::vector<float> mean_;  // of the present pass
  std::vector<float> variance_;
  float mix_ = 0;
};

}  // namespace zoa
