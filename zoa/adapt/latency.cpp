// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/latency.h"

#include <algorithm>
#include <cmath>

namespace zoa {
namespace {

constexpr double kFirst = 1e-3;  // milliseconds
const double kLogWidth = std::log(1.02);

}  // namespace

void LatencyHistogram::add(double milliseconds) {
  const double place = std::ceil(std::log(std::max(milliseconds, kFirst) / kFirst) / kLogWidth);
  ++bins_[std::min(kBins - 1, static_cast<std::size_t>(place))];
  ++count_;
  most_ = std::max(most_, milliseconds);
}

double LatencyHistogram::quantile(double share) const {
  if (count_ == 0) {
    return 0;
  }
  const auto wanted = static_cast<std::uint64_t>(
      std::clamp(std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_)));
  std::uint64_t seen = 0;
  std::size_t bin = 0;
  for (; bin + 1 < kBins; ++bin) {
    seen += bins_[bin];
    if (seen >= wanted) {
      break;
    }
  }
  return std::min(most_, kFirst * std::exp(kLogWidth * static_cast<double>(bin)));
}

}  // namespace zoa
