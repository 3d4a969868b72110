// SPDX-License-Identifier: Apache-2.0
// A network of a few numbers for the unit tests of methods: two layers x -> gamma * x + beta over
// four features, a linear head, a tap after each layer. The feature statistics of its loss are a
// quadratic bowl in gamma and beta, so that an honest step can be told from a wrong one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/forward.h"
#include "zoa/core/rng.h"

namespace zoa {

class FakeForward : public Forward {
 public:
  static constexpr std::size_t kWidth = 4;   // features; also channels of the image and the stem
  static constexpr std::size_t kPixels = 6;  // positions per channel
  static constexpr std::size_t kClasses = 3;
  static constexpr std::size_t kLayers = 2;

  explicit FakeForward(Family family = Family::Vit) : info_(make_info(family)) {}

  const ModelInfo& info() const override { return info_; }
  std::size_t passes() const override { return passes_; }
  const StemStats& stem() const override { return stem_; }

  void begin(const Batch& batch) override {
    passes_ = 0;
    batch_ = batch;
    stem_ = StemStats{std::vector<double>(kWidth), std::vector<double>(kWidth), batch.count,
                      batch.count * kPixels};
    for (std::size_t c = 0; c < kWidth; ++c) {
      measure_channel(c);
    }
  }

  PassOutput pass(const SlotValues& values) override {
    ++passes_;
    if (values.size() != info_.slots.size()) {
      fail(ErrorCode::InvalidArgument, "wrong number of slots");
    }
    logits_.assign(batch_.count * kClasses, 0);
    answer_.assign(batch_.count * kClasses, 0);
    taps_.assign(batch_.count * info_.tap_width, 0);
    for (std::size_t image = 0; image < batch_.count; ++image) {
      run_image(image, values);
    }
    return {logits_, answer_, taps_};
  }

 private:
  static ModelInfo make_info(Family family) {
    ModelInfo info;
    info.name = "fake";
    info.family = family;
    info.classes = kClasses;
    info.stem_channels = kWidth;
    info.has_batch_norm = family == Family::Cnn;
    info.weight_bits = info.activation_bits = 8;
    for (std::size_t l = 0; l < kLayers; ++l) {
      const std::string layer = "layer" + std::to_string(l);
      info.slots.push_back(
          {layer + ".gamma", layer, SlotKind::NormGamma, kWidth, std::vector<float>(kWidth, 1)});
      info.slots.push_back(
          {layer + ".beta", layer, SlotKind::NormBeta, kWidth, std::vector<float>(kWidth, 0)});
      info.taps.push_back({layer, l * kWidth, kWidth});
    }
    info.slots.push_back(
        {"shift", "head", SlotKind::FeatureShift, kWidth, std::vector<float>(kWidth, 0)});
    info.tap_width = kLayers * kWidth;
    return info;
  }

  float pixel(std::size_t image, std::size_t channel, std::size_t position) const {
    return batch_.pixels[(image * kWidth + channel) * kPixels + position];
  }

  void measure_channel(std::size_t c) {
    const double count = static_cast<double>(batch_.count * kPixels);
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < batch_.count * kPixels; ++i) {
      const double value = static_cast<double>(pixel(i / kPixels, c, i % kPixels));
      sum += value;
      squares += value * value;
    }
    stem_.mean[c] = sum / count;
    stem_.variance[c] = squares / count - stem_.mean[c] * stem_.mean[c];
  }

  float slot(const SlotValues& values, std::size_t index, std::size_t feature) const {
    return values[index].empty() ? info_.slots[index].neutral[feature] : values[index][feature];
  }

  void run_image(std::size_t image, const SlotValues& values) {
    for (std::size_t j = 0; j < kWidth; ++j) {
      float feature = 0;
      for (std::size_t p = 0; p < kPixels; ++p) {
        feature += pixel(image, j, p) / static_cast<float>(kPixels);
      }
      for (std::size_t l = 0; l < kLayers; ++l) {
        feature = slot(values, 2 * l, j) * feature + slot(values, 2 * l + 1, j);
        taps_[image * info_.tap_width + l * kWidth + j] = feature;
      }
      const float shifted = feature + slot(values, 2 * kLayers, j);
      for (std::size_t k = 0; k < kClasses; ++k) {
        const float weight = static_cast<float>((j + 2 * k) % 5) - 2;
        logits_[image * kClasses + k] += weight * feature;
        answer_[image * kClasses + k] += weight * shifted;
      }
    }
  }

  ModelInfo info_;
  Batch batch_;
  StemStats stem_;
  std::vector<float> logits_;
  std::vector<float> answer_;
  std::vector<float> taps_;
  std::size_t passes_ = 0;
};

/// Normal pixels around `mean`; the same seed gives the same batch.
inline Batch make_fake_batch(std::size_t count, std::uint64_t seed, double mean = 0) {
  const Rng rng(seed, 0, 77);
  Batch batch;
  batch.count = count;
  batch.channels = FakeForward::kWidth;
  batch.height = 2;
  batch.width = FakeForward::kPixels / 2;
  batch.pixels.resize(count * FakeForward::kWidth * FakeForward::kPixels);
  for (std::size_t i = 0; i < batch.pixels.size(); ++i) {
    batch.pixels[i] = static_cast<float>(mean + rng.normal(i));
  }
  for (std::size_t i = 0; i < count; ++i) {
    batch.ids.push_back(static_cast<std::int64_t>(i));
    batch.labels.push_back(-1);
  }
  return batch;
}

/// What clean batches (mean 0) give: mean 0, std 1 / sqrt(pixels).
inline SourceStats make_fake_stats() {
  SourceStats stats;
  stats.tap_mean.assign(FakeForward::kLayers * FakeForward::kWidth, 0.0F);
  stats.tap_std.assign(FakeForward::kLayers * FakeForward::kWidth, 0.408F);
  stats.samples = 512;
  return stats;
}

}  // namespace zoa
