// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pea_block.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/symmetric.h"

namespace zoa {
namespace {

constexpr double kRidge = 1e-5;       // added to variances, and the least eigenvalue (published)
constexpr double kLeastDrift = 1e-6;  // below it nothing jumps (published, for the transformer)

std::vector<double> group_power(std::span<const float> covariance,
                                std::size_t group,
                                double exponent) {
  std::vector<double> matrix(covariance.begin(), covariance.end());
  for (std::size_t i = 0; i < group; ++i) {
    matrix[i * group + i] += kRidge;
  }
  if (group == 1) {
    return {std::pow(std::max(matrix[0], kRidge), exponent)};
  }
  return symmetric_power(matrix, group, exponent, kRidge);
}

void mix_in(std::vector<float>& running, const std::vector<float>& batch, double share) {
  for (std::size_t i = 0; i < running.size(); ++i) {
    running[i] = static_cast<float>((1 - share) * static_cast<double>(running[i]) +
                                    share * static_cast<double>(batch[i]));
  }
}

double mean_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
  }
  return sum / static_cast<double>(a.size());
}

}  // namespace

PeaSource make_pea_source(const BlockStats& stats, std::size_t group) {
  PeaSource source{group, stats.mean, {}};
  source.root.reserve(stats.covariance.size());
  const std::size_t numbers = group * group;
  for (std::size_t first = 0; first < stats.covariance.size(); first += numbers) {
    const auto root = group_power(std::span(stats.covariance).subspan(first, numbers), group, 0.5);
    source.root.insert(source.root.end(), root.begin(), root.end());
  }
  return source;
}

PeaMatrix compute_pea_matrix(const PeaSource& source, const BlockStats& target) {
  assert(target.covariance.size() == source.root.size());
  std::vector<float> matrix;
  matrix.reserve(source.root.size());
  const std::size_t g = source.group;
  for (std::size_t first = 0; first < source.root.size(); first += g * g) {
    const auto whitening = group_power(std::span(target.covariance).subspan(first, g * g), g, -0.5);
    const auto product =
        multiply_square(whitening, std::span(source.root).subspan(first, g * g), g);
    for (const double value : product) {
      matrix.push_back(static_cast<float>(value));
    }
  }
  return std::make_shared<const std::vector<float>>(std::move(matrix));
}

PeaCorrection compute_pea_correction(const PeaSource& source,
                                     std::span<const float> target_mean,
                                     std::span<const float> matrix,
                                     double weight) {
  const std::size_t g = source.group;
  PeaCorrection correction;
  correction.matrix.resize(matrix.size());
  std::vector<double> moved(target_mean.size());  // mean_T A
  for (std::size_t row = 0; row < target_mean.size(); ++row) {
    const std::size_t first = row / g * g;
    for (std::size_t j = 0; j < g; ++j) {
      const double value = static_cast<double>(matrix[row * g + j]);
      moved[first + j] += static_cast<double>(target_mean[row]) * value;
      const double kept = first + j == row ? 1 - weight : 0;
      correction.matrix[row * g + j] = static_cast<float>(kept + weight * value);
    }
  }
  correction.offset.resize(target_mean.size());
  for (std::size_t c = 0; c < moved.size(); ++c) {
    correction.offset[c] =
        static_cast<float>(weight * (static_cast<double>(source.mean[c]) - moved[c]));
  }
  return correction;
}

void PeaBlock::observe(const BlockStats& batch, const PeaTracking& tracking) {
  if (is_new()) {
    stats = batch;
    return;
  }
  const double distance = mean_distance(batch.mean, stats.mean);
  // Differs: the first distance starts the smoothing; the published code starts at 0, so that
  // every second batch of a stream restarts its statistics.
  const double share = drift ? tracking.jump_share : 1;
  drift = share * distance + (1 - share) * drift.value_or(0);
  if (*drift > kLeastDrift && distance > tracking.jump * *drift) {
    stats = batch;
    matrix = nullptr;
    return;
  }
  mix_in(stats.mean, batch.mean, tracking.momentum);
  mix_in(stats.covariance, batch.covariance, tracking.momentum);
}

void PeaBlock::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f32(prefix + ".mean", stats.mean);
  writer.put_f32(prefix + ".covariance", stats.covariance);
  writer.put_f32(prefix + ".matrix", matrix ? *matrix : std::vector<float>{});
  writer.put_f64(prefix + ".drift", drift ? std::vector<double>{*drift} : std::vector<double>{});
}

void PeaBlock::load(const StateReader& reader,
                    const std::string& prefix,
                    std::size_t channels,
                    std::size_t numbers) {
  BlockStats loaded{reader.get_f32(prefix + ".mean"), reader.get_f32(prefix + ".covariance")};
  std::vector<float> root = reader.get_f32(prefix + ".matrix");
  const std::vector<double> smoothed = reader.get_f64(prefix + ".drift");
  const bool empty = loaded.mean.empty() && loaded.covariance.empty() && root.empty();
  const bool fits = loaded.mean.size() == channels && loaded.covariance.size() == numbers &&
                    (root.empty() || root.size() == numbers);
  if ((!empty && !fits) || smoothed.size() > 1) {
    fail(ErrorCode::StateMismatch, "state has a block of ", loaded.mean.size(), " channels and ",
         loaded.covariance.size(), " covariances, the model ", channels, " and ", numbers);
  }
  if (!all_finite(loaded.mean) || !all_finite(loaded.covariance) || !all_finite(root) ||
      !all_finite(smoothed)) {
    fail(ErrorCode::BadFile, "state has statistics of a block that are not finite");
  }
  stats = std::move(loaded);
  matrix = root.empty() ? nullptr : std::make_shared<const std::vector<float>>(std::move(root));
  drift = smoothed.empty() ? std::nullopt : std::optional<double>(smoothed[0]);
}

}  // namespace zoa
