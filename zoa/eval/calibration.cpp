// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/calibration.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"

namespace zoa {
namespace {

std::size_t bin_of(double confidence) {
  const double place = std::ceil(confidence * static_cast<double>(kConfidenceBins)) - 1;
  return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(kConfidenceBins - 1)));
}

}  // namespace

ConfidenceBins count_confidence(std::span<const float> logits,
                                std::size_t classes,
                                std::span<const int> labels) {
  if (classes == 0 || logits.size() != labels.size() * classes) {
    fail(ErrorCode::InvalidArgument, "count_confidence: ", logits.size(), " logits for ",
         labels.size(), " images of ", classes, " classes");
  }
  ConfidenceBins bins{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) {
      continue;
    }
    const std::span<const float> row = logits.subspan(i * classes, classes);
    const auto best = std::max_element(row.begin(), row.end());
    const bool finite =
        std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
    const double confidence = top_probability(row, *best);
    ConfidenceBin& bin = bins[bin_of(confidence)];
    ++bin.count;
    bin.confidence += confidence;
    bin.correct += finite && best - row.begin() == labels[i] ? 1 : 0;
  }
  return bins;
}

void add_bins(ConfidenceBins& sum, const ConfidenceBins& more) {
  for (std::size_t i = 0; i < kConfidenceBins; ++i) {
    sum[i].count += more[i].count;
    sum[i].confidence += more[i].confidence;
    sum[i].correct += more[i].correct;
  }
}

std::optional<double> calibration_error(const ConfidenceBins& bins) {
  std::size_t images = 0;
  double gap = 0;
  for (const ConfidenceBin& bin : bins) {
    images += bin.count;
    gap += std::abs(static_cast<double>(bin.correct) - bin.confidence);
  }
  return images > 0 ? std::optional(gap / static_cast<double>(images)) : std::nullopt;
}

}  // namespace zoa
