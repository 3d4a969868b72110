// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/class_subset.h"

#include <algorithm>

#include "zoa/core/error.h"

namespace zoa {

Answers keep_possible(std::span<const float> logits,
                      std::size_t classes,
                      std::span<const int> labels,
                      std::span<const int> possible) {
  if (logits.size() != labels.size() * classes) {
    fail(ErrorCode::InvalidArgument, "keep_possible: ", logits.size(), " logits for ",
         labels.size(), " images of ", classes, " classes");
  }
  Answers answers;
  if (possible.empty()) {
    answers.logits.assign(logits.begin(), logits.end());
    answers.labels.assign(labels.begin(), labels.end());
    answers.classes = classes;
    return answers;
  }
  if (possible.front() < 0 || possible.back() >= static_cast<int>(classes)) {
    fail(ErrorCode::InvalidArgument, "the data can have class ", possible.back(),
         ", the network answers ", classes, " classes");
  }
  answers.classes = possible.size();
  answers.logits.reserve(labels.size() * possible.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = logits.subspan(i * classes, classes);
    for (const int index : possible) {
      answers.logits.push_back(row[static_cast<std::size_t>(index)]);
    }
    const auto found = std::lower_bound(possible.begin(), possible.end(), labels[i]);
    const bool is_possible = found != possible.end() && *found == labels[i];
    if (!is_possible && labels[i] >= 0) {
      fail(ErrorCode::InvalidArgument, "label ", labels[i],
           " is not among the classes that the data says it can have");
    }
    answers.labels.push_back(is_possible ? static_cast<int>(found - possible.begin()) : -1);
  }
  return answers;
}

}  // namespace zoa
