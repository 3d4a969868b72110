// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/parts.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"

namespace zoa {
namespace {

template <class Value>
double euclidean_norm(std::span<const Value> values) {
  double sum = 0;
  for (const Value value : values) {
    sum += static_cast<double>(value) * static_cast<double>(value);
  }
  return std::sqrt(sum);
}

}  // namespace

void check_batch(const Batch& batch) {
  if (batch.count == 0) {
    fail(ErrorCode::InvalidArgument, "the batch has no images");
  }
}

void check_features(const ModelInfo& model) {
  if (model.classes == 0 || model.taps.empty() || model.taps.back().width == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name,
         "' has no classes or no feature before its head");
  }
}

StepResult make_result(std::span<const float> answer,
                       std::span<const float> logits,
                       std::size_t classes) {
  StepResult result;
  result.logits.assign(answer.begin(), answer.end());
  result.entropy = compute_entropy(logits, classes);
  result.loss = result.entropy;
  return result;
}

std::vector<float> last_features(const ModelInfo& model, const PassOutput& output) {
  const TapInfo& tap = model.taps.back();
  const std::size_t count = output.taps.size() / model.tap_width;
  std::vector<float> features;
  features.reserve(count * tap.width);
  for (std::size_t image = 0; image < count; ++image) {
    const auto row = output.taps.subspan(image * model.tap_width + tap.offset, tap.width);
    features.insert(features.end(), row.begin(), row.end());
  }
  return features;
}

std::vector<float> source_feature_mean(const ModelInfo& model, const SourceStats& stats) {
  if (stats.tap_mean.size() != model.tap_width || model.taps.empty()) {
    fail(ErrorCode::StateMismatch, "source statistics have ", stats.tap_mean.size(),
         " features, model '", model.name, "' has ", model.tap_width,
         "; collect them again with this model");
  }
  const TapInfo& tap = model.taps.back();
  const auto mean = std::span(stats.tap_mean).subspan(tap.offset, tap.width);
  return {mean.begin(), mean.end()};
}

std::vector<float> source_feature_variance(const ModelInfo& model, const SourceStats& stats) {
  const TapInfo& tap = model.taps.back();
  const auto deviations = std::span(stats.tap_std).subspan(tap.offset, tap.width);
  std::vector<float> variance(deviations.begin(), deviations.end());
  for (float& value : variance) {
    value *= value;
  }
  return variance;
}

std::vector<std::size_t> find_slots(const ModelInfo& model, SlotKind kind) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < model.slots.size(); ++i) {
    if (model.slots[i].kind == kind) {
      found.push_back(i);
    }
  }
  return found;
}

std::size_t find_slot(const ModelInfo& model, SlotKind kind) {
  const std::vector<std::size_t> found = find_slots(model, kind);
  if (found.size() != 1) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' offers ", found.size(),
         " slots of a kind of which the method needs one");
  }
  return found.front();
}

double prompt_range(const ModelInfo& model) {
  constexpr double kPatch = 3 * 16 * 16;
  const double width = model.taps.empty() ? kPatch : static_cast<double>(model.taps.back().width);
  return std::sqrt(6 / (kPatch + width));
}

std::vector<float> to_floats(std::span<const double> values) {
  std::vector<float> floats(values.size());
  std::transform(values.begin(), values.end(), floats.begin(),
                 [](double value) { return static_cast<float>(value); });
  return floats;
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool any_negative(std::span<const double> values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return value < 0; });
}

double norm_of(std::span<const float> values) {
  return euclidean_norm(values);
}

double norm_of(std::span<const double> values) {
  return euclidean_norm(values);
}

void save_version(StateWriter& writer, const std::string& method, std::int64_t version) {
  writer.put_i64(method + ".version", std::vector<std::int64_t>{version});
}

void check_version(const StateReader& reader, const std::string& method, std::int64_t version) {
  if (reader.get_i64(method + ".version") != std::vector<std::int64_t>{version}) {
    fail(ErrorCode::StateMismatch, "state was not saved by this version of the method ", method);
  }
}

}  // namespace zoa
