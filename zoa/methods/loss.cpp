// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/loss.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr double kFitnessBatch = 64;  // FOA's batch, to which its lambda belongs

// log(sum e^z) - sum(e^z z) / sum(e^z), z = logit - highest: no logarithm of a probability of 0.
double row_entropy(std::span<const float> row) {
  const double highest = static_cast<double>(*std::max_element(row.begin(), row.end()));
  double sum = 0;
  double weighted = 0;
  for (const float logit : row) {
    const double z = static_cast<double>(logit) - highest;
    const double e = std::exp(z);
    sum += e;
    weighted += e * z;
  }
  return std::log(sum) - weighted / sum;
}

double mean_squared_error(std::span<const double> values, std::span<const float> wanted) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = values[i] - static_cast<double>(wanted[i]);
    sum += difference * difference;
  }
  return sum / static_cast<double>(values.size());
}

// The error of columns offset .. offset + width.
double range_error(const BatchMoments& moments,
                   const SourceStats& source,
                   std::size_t offset,
                   std::size_t width) {
  const std::span<const double> mean(moments.mean);
  const std::span<const float> source_mean(source.tap_mean);
  double error =
      mean_squared_error(mean.subspan(offset, width), source_mean.subspan(offset, width));
  if (!moments.deviation.empty()) {
    const std::span<const double> deviation(moments.deviation);
    const std::span<const float> source_std(source.tap_std);
    error +=
        mean_squared_error(deviation.subspan(offset, width), source_std.subspan(offset, width));
  }
  return error;
}

}  // namespace

double compute_entropy(std::span<const float> logits, std::size_t classes) {
  const std::size_t count = logits.size() / classes;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += row_entropy(logits.subspan(i * classes, classes));
  }
  return sum / static_cast<double>(count);
}

double top_probability(std::span<const float> row, float largest) {
  double sum = 0;
  for (const float value : row) {
    if (!std::isfinite(value)) {
      return 1 / static_cast<double>(row.size());
    }
    sum += std::exp(static_cast<double>(value) - static_cast<double>(largest));
  }
  return 1 / sum;
}

BatchMoments compute_moments(std::span<const float> rows, std::size_t width) {
  const std::size_t count = rows.size() / width;
  BatchMoments moments;
  moments.mean.assign(width, 0);
  for (std::size_t first = 0; first < count * width; first += width) {
    for (std::size_t j = 0; j < width; ++j) {
      moments.mean[j] += static_cast<double>(rows[first + j]);
    }
  }
  for (double& mean : moments.mean) {
    mean /= static_cast<double>(count);
  }
  if (count < 2) {
    return moments;
  }
  moments.deviation.assign(width, 0);
  for (std::size_t first = 0; first < count * width; first += width) {
    for (std::size_t j = 0; j < width; ++j) {
      const double difference = static_cast<double>(rows[first + j]) - moments.mean[j];
      moments.deviation[j] += difference * difference;
    }
  }
  for (double& deviation : moments.deviation) {
    deviation = std::sqrt(deviation / static_cast<double>(count - 1));
  }
  return moments;
}

double compute_discrepancy(const ModelInfo& model,
                           const BatchMoments& moments,
                           const SourceStats& source) {
  if (model.family == Family::Vit) {
    return range_error(moments, source, 0, model.tap_width);
  }
  double sum = 0;
  for (const TapInfo& tap : model.taps) {
    sum += range_error(moments, source, tap.offset, tap.width);
  }
  return sum / static_cast<double>(model.taps.size());
}

BatchLoss compute_loss(const ModelInfo& model,
                       const SourceStats& source,
                       double lambda,
                       const PassOutput& output) {
  const std::size_t count = output.logits.size() / model.classes;
  if (count == 0 || output.logits.size() != count * model.classes ||
      output.taps.size() != count * model.tap_width) {
    fail(ErrorCode::Internal, "a pass gave ", output.logits.size(), " logits and ",
         output.taps.size(), " tap values for a model of ", model.classes, " classes and ",
         model.tap_width, " features");
  }
  return compute_loss(model, source, lambda, compute_entropy(output.logits, model.classes),
                      compute_moments(output.taps, model.tap_width));
}

BatchLoss compute_loss(const ModelInfo& model,
                       const SourceStats& source,
                       double lambda,
                       double entropy,
                       BatchMoments moments) {
  BatchLoss loss;
  loss.entropy = entropy;
  loss.moments = std::move(moments);
  loss.discrepancy = compute_discrepancy(model, loss.moments, source);
  loss.total = loss.entropy + lambda * loss.discrepancy;
  return loss;
}

BatchLoss compute_fitness(const ModelInfo& model,
                          const SourceStats& source,
                          double lambda,
                          const PassOutput& output) {
  const double features = static_cast<double>(model.tap_width);
  const double weight = model.family == Family::Vit ? lambda * features / kFitnessBatch : lambda;
  return compute_loss(model, source, weight, output);
}

void check_loss(const ModelInfo& model, const SourceStats& source) {
  if (model.taps.empty() || model.tap_width == 0 || model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name,
         "' has no features for a loss; use --method noadapt");
  }
  if (source.tap_mean.size() != model.tap_width || source.tap_std.size() != model.tap_width) {
    fail(ErrorCode::StateMismatch, "source statistics have ", source.tap_mean.size(), " means and ",
         source.tap_std.size(), " deviations, model '", model.name, "' has ", model.tap_width,
         " features; collect them again with this model");
  }
}

}  // namespace zoa
