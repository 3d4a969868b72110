// SPDX-License-Identifier: Apache-2.0
// What a window of frames leaves behind: sums per pass and of the stem, no images and no rows. A
// loss over them is that of the same images in one batch, up to the rounding of doubles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/core/state.h"
#include "zoa/methods/loss.h"

namespace zoa {

/// One forward pass over all frames so far. Means and squared deviations are updated frame by frame
/// (Welford), in double and in the order of the frames.
class PassSums {
 public:
  PassSums() = default;
  /// tap_width 0: the engine gives no taps, only entropies are kept.
  PassSums(std::size_t classes, std::size_t tap_width) : classes_(classes), mean_(tap_width) {
    squares_.resize(tap_width);
  }

  /// Takes in all images of a pass, one by one.
  void add(const PassOutput& output);

  std::size_t count() const { return count_; }  ///< images
  double entropy() const;                       ///< nats per image, mean; 0 before the first image
  /// As compute_moments() of all rows: unbiased deviation, none below two images.
  BatchMoments moments() const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for other widths, BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  std::size_t classes_ = 0;
  std::size_t count_ = 0;
  double entropy_ = 0;           // sum
  std::vector<double> mean_;     // (tap_width)
  std::vector<double> squares_;  // (tap_width) sum of squared deviations
};

/// The stem's statistics of all frames as those of one batch.
class StemSums {
 public:
  /// A stem with other channels than the frames before starts anew.
  void add(const StemStats& stem);
  StemStats stats() const;
  std::size_t count() const { return count_; }  ///< images

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  std::size_t count_ = 0;
  std::size_t values_ = 0;
  std::vector<double> mean_;
  std::vector<double> squares_;
};

struct WindowSums {
  std::vector<PassSums> passes;  ///< in the order of FrameMethod::frame_values()
  StemSums stem;

  /// Frames that have been through all passes.
  std::size_t count() const { return passes.empty() ? 0 : passes.back().count(); }
};

}  // namespace zoa
