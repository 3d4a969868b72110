// SPDX-License-Identifier: Apache-2.0
// Answers among some of a network's classes, as the published accuracy of ImageNet-R and ImageNet-A
// wants it: the largest of the 200 logits that the data can have, not of all 1,000. Methods see
// all.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace zoa {

struct Answers {
  std::vector<float> logits;  ///< (B, classes)
  std::vector<int> labels;    ///< (B) places among the kept classes; -1 = unknown
  std::size_t classes = 0;
};

/// Keeps the columns of the possible classes and numbers the labels anew.
/// logits  (B, classes), row-major.     labels  (B); -1 = unknown
/// possible  ascending; empty = everything is kept
/// Throws  InvalidArgument if the sizes do not fit, or for a label or a possible class beyond.
Answers keep_possible(std::span<const float> logits,
                      std::size_t classes,
                      std::span<const int> labels,
                      std::span<const int> possible);

}  // namespace zoa
