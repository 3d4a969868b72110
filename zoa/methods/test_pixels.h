// SPDX-License-Identifier: Apache-2.0
// Batches for hand-worked cases on FakeForward: all pixels of a channel are alike, so that on the
// transformer the last feature of an image is that row of four numbers. For tests only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoa/methods/fake_forward.h"

namespace zoa::test {

using Row = std::array<float, FakeForward::kWidth>;

inline Batch make_flat_batch(const std::vector<Row>& rows) {
  Batch batch;
  batch.count = rows.size();
  batch.channels = FakeForward::kWidth;
  batch.height = 2;
  batch.width = FakeForward::kPixels / 2;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const float value : rows[i]) {
      batch.pixels.insert(batch.pixels.end(), FakeForward::kPixels, value);
    }
    batch.ids.push_back(static_cast<std::int64_t>(i));
    batch.labels.push_back(-1);
  }
  return batch;
}

/// The rows of FakeForward's head: logits = head * feature.
inline constexpr float kHead[FakeForward::kClasses][FakeForward::kWidth] = {
    {-2, -1, 0, 1}, {0, 1, 2, -2}, {2, -2, -1, 0}};

/// Logits of one feature.
inline std::vector<float> head_logits(const Row& feature) {
  std::vector<float> logits;
  for (const auto& row : kHead) {
    float sum = 0;
    for (std::size_t i = 0; i < feature.size(); ++i) {
      sum += row[i] * feature[i];
    }
    logits.push_back(sum);
  }
  return logits;
}

}  // namespace zoa::test
