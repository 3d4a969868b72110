// SPDX-License-Identifier: Apache-2.0
// What a window looks like before anybody learns from it: are its images numbers, pictures at all,
// and different from each other; what the answers say about its classes. Used by the guards for
// batches and for single frames alike.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

/// One preprocessed image.
struct FrameFacts {
  bool finite = true;
  bool constant = false;  ///< every channel has one value everywhere (black, white, a dead camera)
  std::vector<float> sketch{};  ///< (channels * 8 * 8) means of cells minus the image's mean; empty
                                ///< where the image is not finite
  double contrast = 0;          ///< root mean square of the sketch
};

/// pixels  (channels, height, width).
/// Throws  InvalidArgument if the sizes do not fit.
FrameFacts describe_frame(std::span<const float> pixels, std::size_t channels, std::size_t height);

/// Whether two pictures are (almost) one: the root mean square difference of the sketches is below
/// `distance` of their contrast.
bool is_duplicate(const FrameFacts& a, const FrameFacts& b, double distance);

enum class FrameKind { NonFinite, Constant, Duplicate, Distinct };

/// Counts of a window's images.
struct WindowFacts {
  std::size_t count = 0;
  std::size_t non_finite = 0;
  std::size_t constant = 0;
  std::size_t duplicates = 0;  ///< usable, but almost an earlier one
  std::size_t distinct = 0;    ///< usable and different
};

/// Gathers frames one by one; remembers the sketches of the different ones.
class WindowCensus {
 public:
  explicit WindowCensus(double duplicate_distance) : distance_(duplicate_distance) {}
  /// As what add() would count it.
  FrameKind classify(const FrameFacts& frame) const;
  void add(FrameFacts frame);
  const WindowFacts& facts() const { return facts_; }
  void clear();
  std::size_t bytes() const;  ///< of the sketches

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  BadFile for values that cannot be; it may then be half filled.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  double distance_;
  WindowFacts facts_;
  std::vector<FrameFacts> distinct_;
};

/// What answers (B, K) say; rows that are not finite do not count.
struct AnswerFacts {
  std::size_t count = 0;  ///< finite rows
  bool finite = true;     ///< all rows are
  double entropy = 0;     ///< mean, in shares of log K
  double spread = 0;      ///< entropy of the mean answer, in shares of log min(K, count); 1 for
                          ///< fewer than two rows
  std::vector<double> entropies{};  ///< nats, of each finite row

  double mean_entropy() const;  ///< nats; 0 without a finite row
};

/// Gathers answers row by row.
class AnswerCensus {
 public:
  explicit AnswerCensus(std::size_t classes) : mean_(classes) {}
  /// logits  (B, K)
  void add(std::span<const float> logits);
  AnswerFacts facts() const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another number of classes, BadFile for values that cannot be; it may
  ///         then be half filled.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  bool finite_ = true;
  std::vector<double> mean_;       // (K) sum of the finite rows' softmax
  std::vector<double> entropies_;  // nats, of the finite rows
};

AnswerFacts describe_answers(std::span<const float> logits, std::size_t classes);

}  // namespace zoa
