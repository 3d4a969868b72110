// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/feature_shift.h"

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {

std::vector<float> FeatureShift::shift() const {
  std::vector<float> shift(running_.size());
  for (std::size_t i = 0; i < shift.size(); ++i) {
    shift[i] = static_cast<float>(static_cast<double>(source_mean_[i]) - running_[i]);
  }
  return shift;
}

void FeatureShift::observe(std::span<const double> batch_mean, bool restart) {
  if (batch_mean.size() != source_mean_.size()) {
    fail(ErrorCode::Internal, "feature mean has ", batch_mean.size(), " values, the source ",
         source_mean_.size());
  }
  if (!all_finite(batch_mean)) {
    return;
  }
  if (restart || running_.empty()) {
    running_.assign(batch_mean.begin(), batch_mean.end());
    return;
  }
  for (std::size_t i = 0; i < running_.size(); ++i) {
    running_[i] = (1 - momentum_) * running_[i] + momentum_ * batch_mean[i];
  }
}

void FeatureShift::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f64(prefix + ".feature_mean", running_);
}

void FeatureShift::load(const StateReader& reader, const std::string& prefix) {
  std::vector<double> running = reader.get_f64(prefix + ".feature_mean");
  if (!running.empty() && running.size() != source_mean_.size()) {
    fail(ErrorCode::StateMismatch, "state has a feature mean of ", running.size(),
         " values, the model ", source_mean_.size());
  }
  if (!all_finite(running)) {
    fail(ErrorCode::BadFile, "state has a feature mean that is not finite");
  }
  running_ = std::move(running);
}

}  // namespace zoa
