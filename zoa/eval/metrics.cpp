// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/metrics.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"

namespace zoa {

CorrectCount count_correct(std::span<const float> logits,
                           std::size_t classes,
                           std::span<const int> labels) {
  if (classes == 0 || logits.size() != labels.size() * classes) {
    fail(ErrorCode::InvalidArgument, "count_correct: ", logits.size(), " logits for ",
         labels.size(), " images of ", classes, " classes");
  }
  CorrectCount count;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) {
      continue;
    }
    ++count.labeled;
    const std::span<const float> row = logits.subspan(i * classes, classes);
    const bool finite =
        std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    count.correct += finite && best == labels[i] ? 1 : 0;
  }
  return count;
}

std::optional<MeanSd> mean_and_sd(std::span<const double> values) {
  if (values.empty()) {
    return std::nullopt;
  }
  const auto count = static_cast<double>(values.size());
  MeanSd result{0, std::nullopt, values.size()};
  for (const double value : values) {
    result.mean += value / count;
  }
  if (values.size() > 1) {
    double squares = 0;
    for (const double value : values) {
      squares += (value - result.mean) * (value - result.mean);
    }
    result.sd = std::sqrt(squares / (count - 1));
  }
  return result;
}

double quantile(std::vector<double> values, double fraction) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const double place = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  const double part = place - static_cast<double>(low);
  return values[low] * (1 - part) + values[high] * part;
}

}  // namespace zoa
