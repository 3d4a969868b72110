// SPDX-License-Identifier: Apache-2.0
// What networks answer to the calibration images, run as users run them: by the engine.
#pragma once

#include <memory>
#include <vector>

#include "zoa/model/model_ov.h"
#include "zoa/quantize/divergence.h"
#include "zoa/quantize/observe_ov.h"

namespace zoa {

/// Images come in the same order in each call, so the answers of two networks pair up. All images
/// stay in memory where they fit; else the first ones do, and the rest are read for each network.
class AnswerReader {
 public:
  static constexpr std::size_t kMostKeptBytes = 256U << 20U;

  /// graph  of which networks are variants; it and the calibration must outlive the reader
  AnswerReader(const ModelGraph& graph,
               const CalibrationData& calibration,
               std::size_t most_kept_bytes = kMostKeptBytes);

  /// Class of each image, -1 = unknown.
  const std::vector<int>& labels() const { return labels_; }

  /// Logits of the first images, at most `most` of them.
  /// Throws  UnsupportedModel if one is not finite.
  Logits read(const std::shared_ptr<ov::Model>& network, std::size_t most) const;
  Logits read_all(const std::shared_ptr<ov::Model>& network) const {
    return read(network, labels_.size());
  }

 private:
  const ModelGraph& graph_;
  const CalibrationData& calibration_;
  std::vector<Batch> kept_;  // the first ones
  std::vector<int> labels_;
};

}  // namespace zoa
