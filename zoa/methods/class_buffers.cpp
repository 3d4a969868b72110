// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/class_buffers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {

void ClassBuffers::add(std::span<const float> features, std::span<const float> logits) {
  const std::size_t count = features.size() / width_;
  if (features.size() != count * width_ || logits.size() != count * classes()) {
    fail(ErrorCode::Internal, features.size(), " feature values and ", logits.size(),
         " logits do not fit ", classes(), " classes and features of ", width_);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = logits.subspan(i * classes(), classes());
    const auto label = std::max_element(row.begin(), row.end()) - row.begin();
    insert(static_cast<std::size_t>(label), compute_entropy(row, classes()),
           features.subspan(i * width_, width_));
  }
}

void ClassBuffers::insert(std::size_t label, double entropy, std::span<const float> feature) {
  std::vector<Sample>& samples = samples_[label];
  const auto place =
      std::upper_bound(samples.begin(), samples.end(), entropy,
                       [](double value, const Sample& sample) { return value < sample.entropy; });
  if (place == samples.end() && samples.size() >= capacity_) {
    return;
  }
  samples.insert(
      place, {entropy, std::make_shared<const std::vector<float>>(feature.begin(), feature.end())});
  if (samples.size() > capacity_) {
    samples.pop_back();
  }
}

std::size_t ClassBuffers::size() const {
  std::size_t size = 0;
  for (const std::vector<Sample>& samples : samples_) {
    size += samples.size();
  }
  return size;
}

std::vector<float> ClassBuffers::features() const {
  std::vector<float> features;
  features.reserve(size() * width_);
  for (const std::vector<Sample>& samples : samples_) {
    for (const Sample& sample : samples) {
      features.insert(features.end(), sample.feature->begin(), sample.feature->end());
    }
  }
  return features;
}

void ClassBuffers::save(StateWriter& writer, const std::string& prefix) const {
  std::vector<std::int64_t> counts;
  std::vector<double> entropies;
  counts.reserve(classes());
  entropies.reserve(size());
  for (const std::vector<Sample>& samples : samples_) {
    counts.push_back(static_cast<std::int64_t>(samples.size()));
    for (const Sample& sample : samples) {
      entropies.push_back(sample.entropy);
    }
  }
  writer.put_i64(prefix + ".samples_per_class", counts);
  writer.put_f64(prefix + ".entropies", entropies);
  writer.put_f32(prefix + ".features", features());
}

void ClassBuffers::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> counts = reader.get_i64(prefix + ".samples_per_class");
  const std::vector<double> entropies = reader.get_f64(prefix + ".entropies");
  const std::vector<float> features = reader.get_f32(prefix + ".features");
  std::size_t total = 0;
  for (const std::int64_t count : counts) {
    if (count < 0 || static_cast<std::size_t>(count) > capacity_) {
      fail(ErrorCode::StateMismatch, "state has ", count, " samples of a class, at most ",
           capacity_, " are kept; load it with the option it was made with");
    }
    total += static_cast<std::size_t>(count);
  }
  if (counts.size() != classes() || entropies.size() != total ||
      features.size() != total * width_) {
    fail(ErrorCode::StateMismatch, "state has ", features.size(), " values of ", entropies.size(),
         " samples in ", counts.size(), " classes, the model ", classes(),
         " classes and features of ", width_);
  }
  if (!all_finite(entropies) || !all_finite(features)) {
    fail(ErrorCode::BadFile, "state has samples that are not finite");
  }
  std::vector<std::vector<Sample>> empty(classes());
  samples_.swap(empty);
  std::size_t i = 0;
  for (std::size_t label = 0; label < classes(); ++label) {
    for (std::int64_t n = 0; n < counts[label]; ++n, ++i) {
      insert(label, entropies[i], std::span(features).subspan(i * width_, width_));
    }
  }
}

}  // namespace zoa
