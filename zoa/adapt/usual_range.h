// SPDX-License-Identifier: Apache-2.0
// How large a number usually is: median and median absolute deviation of the latest values, which a
// few outliers do not move.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

class UsualRange {
 public:
  static constexpr std::size_t kLeast = 8;  ///< values before it says anything
  static constexpr std::size_t kMost = 64;  ///< latest values

  /// A value that is not finite does not count.
  void add(double value);

  /// |median| + deviations * 1.4826 * MAD (which is a standard deviation for normal values);
  /// infinity before kLeast values.
  double limit(double deviations) const;

  void save(StateWriter& writer, const std::string& name) const { writer.put_f64(name, values_); }
  /// Throws  BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& name);

 private:
  std::vector<double> values_;  // oldest first
};

}  // namespace zoa
