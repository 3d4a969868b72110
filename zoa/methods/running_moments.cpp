// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/running_moments.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr double kUsualBatch = 64;
constexpr double kLeastVariance = 1e-12;  // keeps the ratio of two dead channels at 1

}  // namespace

RunningMoments::RunningMoments(std::span<const float> mean,
                               std::span<const float> variance,
                               const RunningOptions& options)
    : horizon_(kUsualBatch * (1 / options.momentum - 1)),
      images_(std::min(options.prior, horizon_)),
      mean_(mean.begin(), mean.end()),
      power_(variance.begin(), variance.end()) {
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    power_[c] += mean_[c] * mean_[c];
  }
}

void RunningMoments::observe(std::span<const double> mean,
                             std::span<const double> variance,
                             std::size_t images) {
  assert(mean.size() == mean_.size() && variance.size() == mean_.size());
  const double brought = static_cast<double>(images);
  const double share = brought / (images_ + brought);
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    mean_[c] += share * (mean[c] - mean_[c]);
    power_[c] += share * (variance[c] + mean[c] * mean[c] - power_[c]);
  }
  images_ = std::min(images_ + brought, horizon_);
}

double RunningMoments::variance(std::size_t c) const {
  return std::max(0.0, power_[c] - mean_[c] * mean_[c]);
}

void RunningMoments::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f64(prefix + ".images", std::vector<double>{images_});
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".power", power_);
}

void RunningMoments::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<double> images = reader.get_f64(prefix + ".images");
  std::vector<double> mean = reader.get_f64(prefix + ".mean");
  std::vector<double> power = reader.get_f64(prefix + ".power");
  if (images.size() != 1 || mean.size() != mean_.size() || power.size() != mean_.size()) {
    fail(ErrorCode::StateMismatch, "state has running statistics of ", mean.size(),
         " channels, the model ", mean_.size());
  }
  if (!all_finite(images) || images[0] < 0 || !all_finite(mean) || !all_finite(power)) {
    fail(ErrorCode::BadFile, "state has running statistics that are not finite");
  }
  images_ = images[0];
  mean_ = std::move(mean);
  power_ = std::move(power);
}

ChannelMap align_channel(const ChannelMoments& target,
                         const ChannelMoments& source,
                         double share,
                         double most) {
  const double ratio =
      std::sqrt((source.variance + kLeastVariance) / (target.variance + kLeastVariance));
  const double scale = 1 - share + share * std::clamp(ratio, 1 / most, most);
  return {scale, target.mean * (1 - scale) + share * (source.mean - target.mean)};
}

}  // namespace zoa
