// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/window.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

// Counters that were saved as integers, none negative.
std::vector<std::size_t> get_counts(const StateReader& reader,
                                    const std::string& name,
                                    std::size_t wanted) {
  const std::vector<std::int64_t> values = reader.get_i64(name);
  if (values.size() != wanted ||
      std::any_of(values.begin(), values.end(), [](std::int64_t value) { return value < 0; })) {
    fail(ErrorCode::BadFile, "state has counters '", name, "' that are none");
  }
  return {values.begin(), values.end()};
}

void put_counts(StateWriter& writer,
                const std::string& name,
                const std::vector<std::size_t>& counts) {
  const std::vector<std::int64_t> values(counts.begin(), counts.end());
  writer.put_i64(name, values);
}

}  // namespace

void PassSums::add(const PassOutput& output) {
  const std::size_t images = output.logits.size() / classes_;
  const std::size_t width = mean_.size();
  if (images * classes_ != output.logits.size() || output.taps.size() < images * width) {
    fail(ErrorCode::Internal, "a pass gave ", output.logits.size(), " logits and ",
         output.taps.size(), " tap values for ", classes_, " classes and ", width, " features");
  }
  for (std::size_t image = 0; image < images; ++image) {
    entropy_ += compute_entropy(output.logits.subspan(image * classes_, classes_), classes_);
    ++count_;
    const auto count = static_cast<double>(count_);
    for (std::size_t i = 0; i < width; ++i) {
      const auto value = static_cast<double>(output.taps[image * width + i]);
      const double before = value - mean_[i];
      mean_[i] += before / count;
      squares_[i] += before * (value - mean_[i]);
    }
  }
}

double PassSums::entropy() const {
  return count_ == 0 ? 0 : entropy_ / static_cast<double>(count_);
}

BatchMoments PassSums::moments() const {
  BatchMoments moments{mean_, {}};
  if (count_ > 1) {
    moments.deviation = squares_;
    for (double& deviation : moments.deviation) {
      deviation = std::sqrt(deviation / static_cast<double>(count_ - 1));
    }
  }
  return moments;
}

void PassSums::save(StateWriter& writer, const std::string& prefix) const {
  put_counts(writer, prefix + ".counts", {classes_, count_});
  writer.put_f64(prefix + ".entropy", std::span(&entropy_, 1));
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".squares", squares_);
}

void PassSums::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::size_t> counts = get_counts(reader, prefix + ".counts", 2);
  const std::vector<double> entropy = reader.get_f64(prefix + ".entropy");
  std::vector<double> mean = reader.get_f64(prefix + ".mean");
  std::vector<double> squares = reader.get_f64(prefix + ".squares");
  if (counts[0] != classes_ || mean.size() != mean_.size() || squares.size() != mean_.size()) {
    fail(ErrorCode::StateMismatch, "state has window sums for ", counts[0], " classes and ",
         mean.size(), " features, the model ", classes_, " and ", mean_.size());
  }
  if (entropy.size() != 1 || !all_finite(entropy) || !all_finite(mean) || !all_finite(squares) ||
      any_negative(squares)) {
    fail(ErrorCode::BadFile, "state has window sums that cannot be");
  }
  count_ = counts[1];
  entropy_ = entropy[0];
  mean_ = std::move(mean);
  squares_ = std::move(squares);
}

void StemSums::add(const StemStats& stem) {
  const std::size_t channels = stem.mean.size();
  if (mean_.size() != channels) {
    *this = {};
    mean_.resize(channels);
    squares_.resize(channels);
  }
  // Positions behind a channel: what merges is weighted by them.
  const std::size_t values = std::max<std::size_t>(stem.values, stem.count);
  const auto before = static_cast<double>(values_);
  const auto more = static_cast<double>(values);
  for (std::size_t c = 0; c < channels && values > 0; ++c) {
    const double shift = stem.mean[c] - mean_[c];
    mean_[c] += shift * (more / (before + more));
    squares_[c] += stem.variance[c] * more + shift * shift * (before * more / (before + more));
  }
  count_ += stem.count;
  values_ += values;
}

StemStats StemSums::stats() const {
  StemStats stats{mean_, squares_, count_, values_};
  for (double& variance : stats.variance) {
    variance = values_ == 0 ? 0 : variance / static_cast<double>(values_);
  }
  return stats;
}

void StemSums::save(StateWriter& writer, const std::string& prefix) const {
  put_counts(writer, prefix + ".counts", {count_, values_});
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".squares", squares_);
}

void StemSums::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::size_t> counts = get_counts(reader, prefix + ".counts", 2);
  std::vector<double> mean = reader.get_f64(prefix + ".mean");
  std::vector<double> squares = reader.get_f64(prefix + ".squares");
  if (mean.size() != squares.size() || !all_finite(mean) || !all_finite(squares) ||
      any_negative(squares)) {
    fail(ErrorCode::BadFile, "state has sums of the stem that cannot be");
  }
  count_ = counts[0];
  values_ = counts[1];
  mean_ = std::move(mean);
  squares_ = std::move(squares);
}

}  // namespace zoa
