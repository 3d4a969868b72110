// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/usual_range.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void UsualRange::add(double value) {
  if (!std::isfinite(value)) {
    return;
  }
  if (values_.size() == kMost) {
    values_.erase(values_.begin());
  }
  values_.push_back(value);
}

double UsualRange::limit(double deviations) const {
  if (values_.size() < kLeast) {
    return std::numeric_limits<double>::infinity();
  }
  const double median = median_of(values_);
  std::vector<double> distances(values_.size());
  std::transform(values_.begin(), values_.end(), distances.begin(),
                 [&](double value) { return std::abs(value - median); });
  return std::abs(median) + deviations * 1.4826 * median_of(std::move(distances));
}

void UsualRange::load(const StateReader& reader, const std::string& name) {
  std::vector<double> values = reader.get_f64(name);
  if (values.size() > kMost || !all_finite(values)) {
    fail(ErrorCode::BadFile, "guards: state has ", values.size(),
         " loss differences, or ones that are no numbers");
  }
  values_ = std::move(values);
}

}  // namespace zoa
