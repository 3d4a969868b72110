// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/running_covariance.h"

#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

// scatter += weight * d d'
void add_outer(std::span<const double> d, double weight, std::vector<double>& scatter) {
  for (std::size_t a = 0; a < d.size(); ++a) {
    const double scaled = weight * d[a];
    for (std::size_t b = 0; b < d.size(); ++b) {
      scatter[a * d.size() + b] += scaled * d[b];
    }
  }
}

}  // namespace

void RunningCovariance::observe(std::span<const float> rows) {
  const std::size_t size = width();
  const auto added = static_cast<std::int64_t>(rows.size() / size);
  if (added == 0) {
    return;
  }
  const std::vector<double> mean = compute_moments(rows, size).mean;
  std::vector<double> deviation(size);
  for (std::size_t first = 0; first < rows.size(); first += size) {
    for (std::size_t i = 0; i < size; ++i) {
      deviation[i] = static_cast<double>(rows[first + i]) - mean[i];
    }
    add_outer(deviation, 1, scatter_);
  }
  const double share = static_cast<double>(added) / static_cast<double>(count_ + added);
  for (std::size_t i = 0; i < size; ++i) {
    deviation[i] = mean[i] - mean_[i];
    mean_[i] += share * deviation[i];
  }
  add_outer(deviation, share * static_cast<double>(count_), scatter_);
  count_ += added;
}

std::vector<double> RunningCovariance::covariance() const {
  std::vector<double> covariance = scatter_;
  const double scale = count_ < 2 ? 0 : 1 / static_cast<double>(count_ - 1);
  for (double& value : covariance) {
    value *= scale;
  }
  return covariance;
}

void RunningCovariance::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_i64(prefix + ".count", std::vector<std::int64_t>{count_});
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".scatter", scatter_);
}

void RunningCovariance::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> count = reader.get_i64(prefix + ".count");
  std::vector<double> mean = reader.get_f64(prefix + ".mean");
  std::vector<double> scatter = reader.get_f64(prefix + ".scatter");
  if (count.size() != 1 || mean.size() != width() || scatter.size() != scatter_.size()) {
    fail(ErrorCode::StateMismatch, "state has the covariance of ", mean.size(),
         " features, the model has ", width());
  }
  if (count[0] < 0 || !all_finite(mean) || !all_finite(scatter)) {
    fail(ErrorCode::BadFile, "state has a covariance that is none");
  }
  count_ = count[0];
  mean_ = std::move(mean);
  scatter_ = std::move(scatter);
}

}  // namespace zoa
