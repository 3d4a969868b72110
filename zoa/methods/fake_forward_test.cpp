// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/fake_forward.h"

#include <gtest/gtest.h>

namespace zoa {

namespace {

std::string layer_name(std::size_t l) {
  return "layer" + std::to_string(l);
}

const char* kind_name(SiteKind kind) {
  switch (kind) {
    case SiteKind::BlockOutput: return "output";
    case SiteKind::BlockToken: return "token";
    case SiteKind::LayerInput: return "input";
    case SiteKind::NormInput: return "norm";
    case SiteKind::Normalised: return "normalised";
  }
  return "";
}

}  // namespace

FakeForward::FakeForward(Family family, const MethodInfo& needs)
    : info_(fake_model(family)), prompts_(needs.prompts) {
  if (asks(needs, SlotKind::InputFilter)) {
    add_slot("image", SlotKind::InputFilter, std::vector<float>(kWidth * kWidth * kTaps, 0.0F));
  }
  if (asks(needs, SlotKind::Prompt)) {
    add_slot("prompts", SlotKind::Prompt, std::vector<float>(prompts_ * kWidth, 0.0F));
  }
  for (std::size_t l = 0; l < kLayers; ++l) {
    add_norm_slots(needs, l);
  }
  if (asks(needs, SlotKind::NormMix) && info_.has_batch_norm) {
    add_slot("norms", SlotKind::NormMix, {0.0F});
  }
  for (const SiteRequest& request : needs.sites) {
    add_sites(request);
  }
  if (asks(needs, SlotKind::FeatureShift)) {
    add_slot("head", SlotKind::FeatureShift, std::vector<float>(kWidth, 0.0F));
  }
  for (std::size_t i = 0; needs.needs_head && i < kClasses * kWidth; ++i) {
    info_.head_weight.push_back(head_weight(i / kWidth, i % kWidth));
  }
}

void FakeForward::add_slot(const std::string& layer, SlotKind kind, std::vector<float> neutral) {
  const std::string name = layer + "." + std::to_string(info_.slots.size());
  const std::size_t size = neutral.size();
  info_.slots.push_back({name, layer, kind, size, std::move(neutral)});
}

void FakeForward::add_norm_slots(const MethodInfo& needs, std::size_t l) {
  const auto add = [&](SlotKind kind, float neutral) {
    if (asks(needs, kind)) {
      add_slot(layer_name(l), kind, std::vector<float>(kWidth, neutral));
    }
  };
  add(SlotKind::NormGamma, 1.0F);
  add(SlotKind::NormBeta, 0.0F);
  if (info_.has_batch_norm) {
    add(SlotKind::NormMean, 0.0F);
    add(SlotKind::NormVariance, kVariance);
  }
}

void FakeForward::add_sites(const SiteRequest& request) {
  if ((request.kind == SiteKind::NormInput && !info_.has_batch_norm) ||
      (request.kind == SiteKind::Normalised && info_.has_batch_norm)) {
    return;
  }
  for (std::size_t l = 0; l < kLayers; ++l) {
    if (static_cast<double>(l) < request.from_depth * static_cast<double>(kLayers)) {
      continue;
    }
    SiteInfo site;
    site.name = layer_name(l) + "." + kind_name(request.kind);
    site.kind = request.kind;
    site.form = request.form;
    site.block = l;
    site.channels = kWidth;
    site.group = request.group == 0 ? kWidth : std::min(kWidth, request.group);
    site.offset = info_.site_width;
    site.variance = request.variance;
    site.spread = request.spread;
    if (request.covariance) {
      site.covariance = site_covariance_.size();
      site_covariance_.resize(site_covariance_.size() + kWidth * site.group);
    }
    info_.site_width += kWidth;
    info_.sites.push_back(site);
    add_site_slots(site);
  }
  site_mean_.resize(info_.site_width);
  site_variance_.resize(info_.site_width);
  site_spread_.resize(info_.site_width);
}

void FakeForward::add_site_slots(const SiteInfo& site) {
  if (site.form == SiteForm::Measured) {
    return;
  }
  if (site.form == SiteForm::Diagonal) {
    add_slot(site.name, SlotKind::SiteScale, std::vector<float>(kWidth, 1.0F));
  } else {
    std::vector<float> identity(kWidth * site.group, 0.0F);
    for (std::size_t c = 0; c < kWidth; ++c) {
      identity[c * site.group + c % site.group] = 1.0F;
    }
    add_slot(site.name, SlotKind::SiteMatrix, std::move(identity));
  }
  add_slot(site.name, SlotKind::SiteOffset, std::vector<float>(kWidth, 0.0F));
}

void FakeForward::begin(const Batch& batch) {
  passes_ = 0;
  batch_ = batch;
  stem_ = StemStats{std::vector<double>(kWidth), std::vector<double>(kWidth), batch.count,
                    batch.count * kPixels};
  for (std::size_t c = 0; c < kWidth; ++c) {
    measure_channel(c);
  }
}

void FakeForward::measure_channel(std::size_t c) {
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

std::span<const float> FakeForward::value(const SlotValues& values,
                                          const std::string& layer,
                                          SlotKind kind) const {
  for (std::size_t i = 0; i < info_.slots.size(); ++i) {
    const SlotInfo& slot = info_.slots[i];
    if (slot.layer == layer && slot.kind == kind) {
      return values[i].empty() ? std::span<const float>(slot.neutral) : values[i];
    }
  }
  return {};
}

float FakeForward::value(const SlotValues& values,
                         const std::string& layer,
                         SlotKind kind,
                         std::size_t image,
                         std::size_t j) const {
  const std::span<const float> slot = value(values, layer, kind);
  if (slot.empty()) {
    return kind == SlotKind::NormGamma ? 1.0F : 0.0F;
  }
  return slot.size() > kWidth ? slot[image * kWidth + j] : slot[j];
}

// The mean over the positions and the prompts.
FakeForward::Rows FakeForward::pool(const SlotValues& values) const {
  const auto filter = value(values, "image", SlotKind::InputFilter);
  const auto prompts = value(values, "prompts", SlotKind::Prompt);
  Rows rows(batch_.count * kWidth, 0.0F);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t p = 0; p < kPixels; ++p) {
      rows[i] += pixel(i / kWidth, i % kWidth, p);
      for (std::size_t c = 0; c < kWidth && !filter.empty(); ++c) {
        rows[i] +=
            filter[((i % kWidth) * kWidth + c) * kTaps + kTaps / 2] * pixel(i / kWidth, c, p);
      }
    }
    for (std::size_t t = 0; t < prompts_ && !prompts.empty(); ++t) {
      rows[i] += prompts[t * kWidth + i % kWidth];
    }
    rows[i] /= static_cast<float>(kPixels + prompts_);
  }
  return rows;
}

void FakeForward::normalize(const SlotValues& values, const std::string& layer, Rows& rows) const {
  if (value(values, layer, SlotKind::NormMean).empty()) {
    return;
  }
  const auto given_mix = value(values, "norms", SlotKind::NormMix);
  const float mix = given_mix.empty() ? 0 : given_mix[0];
  for (std::size_t j = 0; j < kWidth; ++j) {
    float mean = 0;
    float squares = 0;
    for (std::size_t b = 0; b < batch_.count; ++b) {
      mean += rows[b * kWidth + j] / static_cast<float>(batch_.count);
      squares += rows[b * kWidth + j] * rows[b * kWidth + j] / static_cast<float>(batch_.count);
    }
    const float variance = squares - mean * mean;
    const float m = mix * mean + (1 - mix) * value(values, layer, SlotKind::NormMean, 0, j);
    const float v = mix * variance + (1 - mix) * value(values, layer, SlotKind::NormVariance, 0, j);
    for (std::size_t b = 0; b < batch_.count; ++b) {
      rows[b * kWidth + j] = (rows[b * kWidth + j] - m) / std::sqrt(v + 1e-5F);
    }
  }
}

void FakeForward::measure_site(const SiteInfo& site, const Rows& rows) {
  const auto count = static_cast<float>(batch_.count);
  std::vector<float> mean(kWidth, 0.0F);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    mean[i % kWidth] += rows[i] / count;
  }
  const auto covariance = [&](std::size_t a, std::size_t b) {
    float sum = 0;
    for (std::size_t i = 0; i < batch_.count; ++i) {
      sum += (rows[i * kWidth + a] - mean[a]) * (rows[i * kWidth + b] - mean[b]) / count;
    }
    return sum;
  };
  for (std::size_t a = 0; a < kWidth; ++a) {
    site_mean_[site.offset + a] = mean[a];
    site_variance_[site.offset + a] = site.variance ? covariance(a, a) : 0;
    site_spread_[site.offset + a] = site.spread ? covariance(a, a) : 0;
    for (std::size_t b = 0; site.covariance && b < site.group; ++b) {
      site_covariance_[*site.covariance + a * site.group + b] =
          covariance(a, a / site.group * site.group + b);
    }
  }
}

void FakeForward::correct_site(const SlotValues& values, const SiteInfo& site, Rows& rows) const {
  const auto scale = value(values, site.name, SlotKind::SiteScale);
  const auto matrix = value(values, site.name, SlotKind::SiteMatrix);
  const auto offset = value(values, site.name, SlotKind::SiteOffset);
  const Rows old = rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t j = i % kWidth;
    const std::size_t first = j / site.group * site.group;
    rows[i] = offset[j];
    if (!scale.empty()) {
      rows[i] += old[i] * scale[j];
    }
    for (std::size_t a = 0; !matrix.empty() && a < site.group; ++a) {
      rows[i] += old[i - j + first + a] * matrix[(first + a) * site.group + j - first];
    }
  }
}

void FakeForward::visit_site(const SlotValues& values,
                             SiteKind kind,
                             std::size_t block,
                             Rows& rows) {
  for (const SiteInfo& site : info_.sites) {
    if (site.kind == kind && site.block == block) {
      measure_site(site, rows);
      if (site.form != SiteForm::Measured) {
        correct_site(values, site, rows);
      }
    }
  }
}

std::vector<float> FakeForward::apply_head(std::span<const float> features,
                                           std::span<const float> shift) const {
  std::vector<float> logits(features.size() / kWidth * kClasses, 0.0F);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    for (std::size_t j = 0; j < kWidth; ++j) {
      const float feature = features[i / kClasses * kWidth + j] + (shift.empty() ? 0 : shift[j]);
      logits[i] += head_weight(i % kClasses, j) * feature;
    }
  }
  return logits;
}

PassOutput FakeForward::pass(const SlotValues& values) {
  ++passes_;
  if (values.size() != info_.slots.size()) {
    fail(ErrorCode::InvalidArgument, "wrong number of slots");
  }
  Rows rows = pool(values);
  taps_.assign(batch_.count * info_.tap_width, 0);
  for (std::size_t l = 0; l < kLayers; ++l) {
    const std::string layer = layer_name(l);
    visit_site(values, SiteKind::LayerInput, l, rows);
    visit_site(values, SiteKind::NormInput, l, rows);
    normalize(values, layer, rows);
    visit_site(values, SiteKind::Normalised, l, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t j = i % kWidth;
      rows[i] = value(values, layer, SlotKind::NormGamma, i / kWidth, j) * rows[i] +
                value(values, layer, SlotKind::NormBeta, i / kWidth, j);
    }
    visit_site(values, SiteKind::BlockToken, l, rows);
    visit_site(values, SiteKind::BlockOutput, l, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      taps_[i / kWidth * info_.tap_width + l * kWidth + i % kWidth] = rows[i];
    }
  }
  logits_ = apply_head(rows, {});
  answer_ = apply_head(rows, value(values, "head", SlotKind::FeatureShift));
  return {logits_, answer_, taps_, site_mean_, site_variance_, site_covariance_, site_spread_};
}

std::span<const float> FakeForward::pass_plain() {
  ++passes_;
  FakeForward plain(info_.family, MethodInfo{});
  plain.begin(batch_);
  const std::span<const float> logits = plain.pass({}).logits;
  plain_.assign(logits.begin(), logits.end());
  return plain_;
}

SourceStats make_fake_stats(const ModelInfo& model) {
  SourceStats stats;
  stats.tap_mean.assign(model.tap_width, 0.0F);
  stats.tap_std.assign(model.tap_width, 0.408F);
  stats.samples = 512;
  stats.site_mean.assign(model.site_width, 0.0F);
  stats.site_variance.assign(model.site_width, FakeForward::kVariance);
  stats.site_spread.assign(model.site_width, FakeForward::kVariance);
  for (const SiteInfo& site : model.sites) {
    for (std::size_t i = 0; site.covariance && i < site.channels * site.group; ++i) {
      const bool diagonal = i / site.group % site.group == i % site.group;
      stats.site_covariance.push_back(diagonal ? FakeForward::kVariance : 0.0F);
    }
  }
  return stats;
}

namespace {

TEST(FakeForward, OffersWhatIsAskedFor) {
  MethodInfo needs;
  needs.slots = {SlotKind::NormMean, SlotKind::NormVariance, SlotKind::NormMix};
  needs.sites = {{SiteKind::BlockOutput, SiteForm::Matrix, 2, true, 0.5}};
  needs.needs_head = true;
  const FakeForward cnn(Family::Cnn, needs);
  EXPECT_EQ(cnn.info().slots.size(), 2 * FakeForward::kLayers + 1 + 2);
  ASSERT_EQ(cnn.info().sites.size(), 1U);
  EXPECT_EQ(cnn.info().sites[0].block, 1U);
  EXPECT_EQ(cnn.info().head_weight.size(), FakeForward::kClasses * FakeForward::kWidth);
  EXPECT_EQ(make_fake_stats(cnn.info()).site_covariance.size(), 2 * FakeForward::kWidth);
  EXPECT_EQ(FakeForward(Family::Vit, needs).info().slots.size(), 2U);  // no BatchNorm
}

TEST(FakeForward, SlotsAtRestChangeNothingAndSetOnesDo) {
  MethodInfo needs;
  needs.slots = {SlotKind::NormGamma, SlotKind::FeatureShift};
  needs.sites = {{SiteKind::LayerInput, SiteForm::Diagonal, 0, false, 0}};
  const Batch batch = make_fake_batch(5, 1);
  FakeForward plain;
  plain.begin(batch);
  const PassOutput wanted = plain.pass(SlotValues(plain.info().slots.size()));
  FakeForward rich(Family::Vit, needs);
  rich.begin(batch);
  const PassOutput output = rich.pass(SlotValues(rich.info().slots.size()));
  EXPECT_TRUE(std::equal(wanted.logits.begin(), wanted.logits.end(), output.logits.begin()));
  const std::vector<float> twice(FakeForward::kWidth, 2.0F);
  SlotValues values(rich.info().slots.size());
  values[0] = twice;  // gamma of the first layer
  const PassOutput scaled = rich.pass(values);
  for (std::size_t i = 0; i < scaled.taps.size(); ++i) {
    EXPECT_FLOAT_EQ(scaled.taps[i], 2 * wanted.taps[i]);
  }
}

TEST(FakeForward, PromptsOfZerosAreStillTokens) {
  MethodInfo needs;
  needs.slots = {SlotKind::Prompt};
  needs.prompts = FakeForward::kPixels;
  const Batch batch = make_fake_batch(2, 1);
  FakeForward plain;
  plain.begin(batch);
  const PassOutput wanted = plain.pass(SlotValues(plain.info().slots.size()));
  FakeForward prompted(Family::Vit, needs);
  prompted.begin(batch);
  const PassOutput output = prompted.pass(SlotValues(1));
  for (std::size_t i = 0; i < output.taps.size(); ++i) {
    EXPECT_FLOAT_EQ(output.taps[i], wanted.taps[i] / 2);
  }
}

}  // namespace
}  // namespace zoa
