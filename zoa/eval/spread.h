// SPDX-License-Identifier: Apache-2.0
// Mean and standard deviation over repeated runs.
#pragma once

#include <cmath>
#include <span>

namespace zoa {

struct Spread {
  double mean = 0;
  double deviation = 0;  ///< of the sample, divisor n - 1; 0 for fewer than two values
};

inline Spread mean_and_deviation(std::span<const double> values) {
  Spread spread;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) {
    spread.mean += value / count;
  }
  double squares = 0;
  for (const double value : values) {
    squares += (value - spread.mean) * (value - spread.mean);
  }
  spread.deviation = values.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  return spread;
}

}  // namespace zoa
