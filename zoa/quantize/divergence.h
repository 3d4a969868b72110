// SPDX-License-Identifier: Apache-2.0
// How far the answers of a quantized network are from those of the float one. Math only.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace zoa {

/// Answers to images in a fixed order: (n, classes), row-major.
struct Logits {
  std::vector<float> values;
  std::size_t classes = 0;

  std::size_t images() const { return classes == 0 ? 0 : values.size() / classes; }
};

/// Mean Kullback-Leibler divergence from softmax(reference) to softmax(other), in nats, over the
/// images of `other`, which are the first of `reference`.
double mean_divergence(const Logits& reference, const Logits& other);

/// The loss of a whole network against the float one.
class DropMeter {
 public:
  /// reference  logits of the float network
  /// labels     class of each image, -1 = unknown; with at least half of them known, the drop is
  ///            float top-1 accuracy minus quantized (negative for a gain), else the share of
  ///            images whose top-1 answer is another one: no drop of accuracy on them can be larger
  DropMeter(Logits reference, std::vector<int> labels);

  const std::string& measure() const { return measure_; }  ///< "accuracy" or "changed answers"
  std::size_t images() const { return counted_.size(); }   ///< that the drop is measured on
  const Logits& reference() const { return reference_; }

  /// logits  of all images
  double drop(const Logits& logits) const;

 private:
  Logits reference_;
  std::string measure_;
  std::vector<std::size_t> counted_;  // images
  std::vector<std::size_t> wanted_;   // their right answers
  std::size_t reference_right_ = 0;   // of them that the float network gives
};

/// The fewest of 1..count for which `holds`, if it holds from some number on: tries 1, 2, 4, ...,
/// then bisects. What is returned was tried, and so was the number before it (0 is known not to
/// hold). Nothing if no number that was tried holds; `count` is always tried then.
std::optional<std::size_t> find_fewest(std::size_t count,
                                       const std::function<bool(std::size_t)>& holds);

/// The most calls of `holds` that find_fewest makes.
std::size_t most_trials(std::size_t count);

}  // namespace zoa
