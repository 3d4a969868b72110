// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "zoa/engine/engine.h"
#include "zoa/quantize/source_stats_ov.h"

namespace zoa {

namespace {

constexpr std::size_t kStatsBatch = 64;  // the paper's batch
constexpr std::size_t kLeastStatsBatch =
    32;  // statistics of fewer images would blur the batch form

// Running sums per channel.
struct Moments {
  std::vector<double> sum;
  std::vector<double> squares;
  double count = 0;

  void resize(std::size_t channels) {
    sum.resize(channels, 0.0);
    squares.resize(channels, 0.0);
  }
  void add(std::size_t channel, double value) {
    sum[channel] += value;
    squares[channel] += value * value;
  }
  double mean(std::size_t c) const { return sum[c] / count; }
  double variance(std::size_t c) const {
    return std::max(0.0, squares[c] / count - mean(c) * mean(c));
  }
};

// values (B, C, H, W)
void add_map(Moments& moments, std::span<const float> values, const ov::Shape& shape) {
  const std::size_t channels = shape[1];
  const std::size_t positions = shape[2] * shape[3];
  moments.resize(channels);
  moments.count += static_cast<double>(shape[0] * positions);
  for (std::size_t i = 0; i < values.size(); ++i) {
    moments.add((i / positions) % channels, static_cast<double>(values[i]));
  }
}

// Statistics of the batches pooled into those of all images.
class SitePool {
 public:
  explicit SitePool(const ModelInfo& info)
      : info_(info), mean_(info.site_width), square_(info.site_width), spread_(info.site_width) {
    for (const SiteInfo& site : info.sites) {
      product_.resize(product_.size() + products_of(site));
    }
  }

  void add(const PassOutput& output, std::size_t images) {
    const auto weight = static_cast<double>(images);
    images_ += weight;
    for (std::size_t c = 0; c < mean_.size(); ++c) {
      const auto mean = static_cast<double>(output.site_mean[c]);
      mean_[c] += weight * mean;
      square_[c] += weight * (static_cast<double>(output.site_variance[c]) + mean * mean);
      spread_[c] += weight * (static_cast<double>(output.site_spread[c]) + mean * mean);
    }
    for (const SiteInfo& site : info_.sites) {
      const std::size_t first = site.covariance.value_or(0);
      for (std::size_t i = 0; i < products_of(site); ++i) {
        const std::size_t at = first + i;
        product_[at] += weight * (static_cast<double>(output.site_covariance[at]) +
                                  static_cast<double>(output.site_mean[row(site, i)]) *
                                      static_cast<double>(output.site_mean[column(site, i)]));
      }
    }
  }

  SiteStatsMap stats() const {
    SiteStatsMap map;
    for (const SiteInfo& site : info_.sites) {
      SiteStats& stats = map[site.name];
      for (std::size_t c = site.offset; c < site.offset + site.channels; ++c) {
        const double mean = mean_[c] / images_;
        stats.mean.push_back(static_cast<float>(mean));
        stats.variance.push_back(
            static_cast<float>(std::max(0.0, square_[c] / images_ - mean * mean)));
      }
      for (std::size_t c = site.offset; site.spread && c < site.offset + site.channels; ++c) {
        const double mean = mean_[c] / images_;
        const double unbiased = images_ / std::max(1.0, images_ - 1);
        stats.spread.push_back(
            static_cast<float>(unbiased * std::max(0.0, spread_[c] / images_ - mean * mean)));
      }
      const std::size_t first = site.covariance.value_or(0);
      for (std::size_t i = 0; i < products_of(site); ++i) {
        const double means = mean_[row(site, i)] * mean_[column(site, i)] / (images_ * images_);
        stats.covariance.push_back(static_cast<float>(product_[first + i] / images_ - means));
      }
    }
    return map;
  }

 private:
  static std::size_t products_of(const SiteInfo& site) {
    return site.covariance ? site.channels * site.group : 0;
  }
  // Columns of the means that belong to number i of a site's covariance.
  static std::size_t row(const SiteInfo& site, std::size_t i) {
    return site.offset + i / site.group;
  }
  static std::size_t column(const SiteInfo& site, std::size_t i) {
    return site.offset + i / site.group / site.group * site.group + i % site.group;
  }

  const ModelInfo& info_;
  std::vector<double> mean_;
  std::vector<double> square_;
  std::vector<double> spread_;
  std::vector<double> product_;
  double images_ = 0;
};

}  // namespace

FoldedStats collect_folded_stats(const ModelGraph& graph, const CalibrationData& calibration) {
  std::vector<ValueName> values;
  for (const Norm& norm : graph.structure.norms) {
    if (norm.kind == NormKind::FoldedBatchNorm) {
      values.push_back(name_of(norm.output));
    }
  }
  FoldedStats folded;
  if (values.empty()) {
    return folded;
  }
  std::vector<Moments> moments(values.size());
  watch_values(graph.network, watch_named(values), calibration, "folded norms",
               [&](std::size_t index, std::span<const float> data, const ov::Shape& shape) {
                 add_map(moments[index], data, shape);
               });
  for (std::size_t i = 0; i < values.size(); ++i) {
    ChannelStats& stats = folded[values[i].node];
    for (std::size_t c = 0; c < moments[i].sum.size(); ++c) {
      stats.mean.push_back(static_cast<float>(moments[i].mean(c)));
      stats.std.push_back(static_cast<float>(std::sqrt(moments[i].variance(c))));
    }
  }
  return folded;
}

SourceStats collect_source_stats(const Model& model,
                                 const CalibrationData& calibration,
                                 bool batch_statistics) {
  EngineOptions options;
  options.batch_statistics = batch_statistics;
  options.taps = true;
  options.threads = static_cast<int>(calibration.options.threads);
  Engine engine(model, options);
  Moments moments;
  const std::size_t width = engine.info().tap_width;
  moments.resize(width);
  const std::string phase =
      batch_statistics ? "source statistics (batch norm)" : "source statistics";
  for_each_batch(calibration, kStatsBatch, phase, [&](const Batch& batch) {
    if (batch_statistics && moments.count > 0 && batch.count < kLeastStatsBatch) {
      return;
    }
    engine.begin(batch);
    const auto taps = engine.pass({}).taps;
    moments.count += static_cast<double>(batch.count);
    for (std::size_t i = 0; i < taps.size(); ++i) {
      moments.add(i % width, static_cast<double>(taps[i]));
    }
  });
  SourceStats stats;
  stats.samples = static_cast<std::size_t>(moments.count);
  const double unbiased = moments.count > 1 ? moments.count / (moments.count - 1) : 1.0;
  for (std::size_t c = 0; c < width; ++c) {
    stats.tap_mean.push_back(static_cast<float>(moments.mean(c)));
    stats.tap_std.push_back(static_cast<float>(std::sqrt(moments.variance(c) * unbiased)));
  }
  return stats;
}

SiteStatsMap collect_site_stats(const Model& model,
                                const CalibrationData& calibration,
                                bool covariance) {
  EngineOptions options;
  options.sites = {{SiteKind::BlockOutput, SiteForm::Measured, 0, covariance, 0},
                   {SiteKind::BlockToken, SiteForm::Measured, 0, false, 0},
                   {SiteKind::LayerInput, SiteForm::Measured, 0, false, 0},
                   {SiteKind::NormInput, SiteForm::Measured, 0, false, 0, true, true},
                   {SiteKind::Normalised, SiteForm::Measured, 0, false, 0, true, true}};
  options.threads = static_cast<int>(calibration.options.threads);
  Engine engine(model, options);
  SitePool pool(engine.info());
  for_each_batch(calibration, kStatsBatch, "source statistics (blocks)", [&](const Batch& batch) {
    engine.begin(batch);
    pool.add(engine.pass({}), batch.count);
  });
  return pool.stats();
}

}  // namespace zoa
