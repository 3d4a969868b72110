// SPDX-License-Identifier: Apache-2.0
// A network of a few numbers for the unit tests of methods: tokens (or positions) averaged to four
// features, two blocks x -> gamma * norm(x) + beta, a linear head, a tap after each block. It
// offers the slots and sites that a method asks for, like the engine. The feature statistics of its
// loss are a quadratic bowl in gamma and beta, so that an honest step can be told from a wrong one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/forward.h"
#include "zoa/core/rng.h"
#include "zoa/methods/method.h"

namespace zoa {

/// Family, widths and the like, before a method has asked for anything.
inline ModelInfo fake_model(Family family);

class FakeForward : public Forward {
 public:
  static constexpr std::size_t kWidth = 4;   // features; also channels of the image and the stem
  static constexpr std::size_t kPixels = 6;  // positions per channel
  static constexpr std::size_t kClasses = 3;
  static constexpr std::size_t kLayers = 2;
  static constexpr std::size_t kTaps = 49;  // weights of an input filter per pair of channels
  static constexpr float kVariance = 1.0F / kPixels;  // what the norms of the CNN ship

  /// What zoa asks for.
  explicit FakeForward(Family family = Family::Vit) : FakeForward(family, zoa_needs()) {}
  FakeForward(Family family, const MethodInfo& needs);

  const ModelInfo& info() const override { return info_; }
  std::size_t passes() const override { return passes_; }
  double cost() const override { return static_cast<double>(passes_); }
  const StemStats& stem() const override { return stem_; }

  void begin(const Batch& batch) override;
  PassOutput pass(const SlotValues& values) override;
  std::span<const float> pass_plain() override;
  std::span<const float> run_head(std::span<const float> features) override {
    head_ = apply_head(features, {});
    return head_;
  }

 private:
  using Rows = std::vector<float>;  // (B, kWidth)

  static MethodInfo zoa_needs() {
    MethodInfo needs;
    needs.slots = {SlotKind::NormGamma, SlotKind::NormBeta, SlotKind::FeatureShift};
    return needs;
  }

  static float head_weight(std::size_t k, std::size_t j) {
    return static_cast<float>((j + 2 * k) % 5) - 2;
  }

  bool asks(const MethodInfo& needs, SlotKind kind) const {
    return std::find(needs.slots.begin(), needs.slots.end(), kind) != needs.slots.end();
  }
  void add_slot(const std::string& layer, SlotKind kind, std::vector<float> neutral);
  void add_norm_slots(const MethodInfo& needs, std::size_t l);
  void add_sites(const SiteRequest& request);
  void add_site_slots(const SiteInfo& site);
  void measure_channel(std::size_t c);
  Rows pool(const SlotValues& values) const;
  std::span<const float> value(const SlotValues& values,
                               const std::string& layer,
                               SlotKind kind) const;
  float value(const SlotValues& values,
              const std::string& layer,
              SlotKind kind,
              std::size_t image,
              std::size_t j) const;
  void normalize(const SlotValues& values, const std::string& layer, Rows& rows) const;
  void visit_site(const SlotValues& values, SiteKind kind, std::size_t block, Rows& rows);
  void measure_site(const SiteInfo& site, const Rows& rows);
  void correct_site(const SlotValues& values, const SiteInfo& site, Rows& rows) const;
  std::vector<float> apply_head(std::span<const float> features,
                                std::span<const float> shift) const;

  float pixel(std::size_t image, std::size_t channel, std::size_t position) const {
    return batch_.pixels[(image * kWidth + channel) * kPixels + position];
  }

  ModelInfo info_;
  std::size_t prompts_ = 0;
  Batch batch_;
  StemStats stem_;
  std::vector<float> logits_;
  std::vector<float> answer_;
  std::vector<float> taps_;
  std::vector<float> site_mean_;
  std::vector<float> site_variance_;
  std::vector<float> site_covariance_;
  std::vector<float> site_spread_;
  std::vector<float> head_;
  std::vector<float> plain_;
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

/// One image of a batch.
inline Batch take_image(const Batch& batch, std::size_t index) {
  const std::size_t size = batch.pixels.size() / batch.count;
  const auto first = batch.pixels.begin() + static_cast<std::ptrdiff_t>(index * size);
  Batch image = batch;
  image.count = 1;
  image.pixels.assign(first, first + static_cast<std::ptrdiff_t>(size));
  image.ids = {batch.ids[index]};
  image.labels = {batch.labels[index]};
  return image;
}

/// What clean batches (mean 0) give about: mean 0, variance 1 / pixels, nothing correlated.
SourceStats make_fake_stats(const ModelInfo& model);

inline ModelInfo fake_model(Family family) {
  ModelInfo info;
  info.name = "fake";
  info.family = family;
  info.classes = FakeForward::kClasses;
  info.stem_channels = FakeForward::kWidth;
  info.has_batch_norm = family == Family::Cnn;
  info.weight_bits = info.activation_bits = 8;
  for (std::size_t l = 0; l < FakeForward::kLayers; ++l) {
    info.taps.push_back(
        {"layer" + std::to_string(l), l * FakeForward::kWidth, FakeForward::kWidth});
  }
  info.tap_width = FakeForward::kLayers * FakeForward::kWidth;
  return info;
}

}  // namespace zoa
