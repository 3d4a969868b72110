// SPDX-License-Identifier: Apache-2.0
// The range of a uniform quantizer from a histogram.
#pragma once

#include <string>

#include "zoa/quantize/histogram.h"

namespace zoa {

/// A uniform quantizer with `levels` steps from low to high; zero lies exactly on a step.
struct QuantizerRange {
  double low = 0;
  double high = 0;
  int levels = 256;

  double scale() const { return (high - low) / (levels - 1); }
};

enum class RangeMethod {
  MinMax,      ///< the values seen
  Percentile,  ///< what 99.99 % of the values lie in
  Mse,         ///< clipped so that the squared error over the histogram is least
  Output,      ///< as Mse, over a histogram weighted by what an error does to the layer's output
};

/// Throws  InvalidArgument; the text lists the names.
RangeMethod parse_range_method(const std::string& name);

/// The range of a quantizer of this many bits.
///   symmetric  [-2^(b-1) s, (2^(b-1) - 1) s]: no zero point, for attention and signed convolution
///   otherwise  [low, high] around zero, or from zero where no value is negative
QuantizerRange find_range(const Histogram& histogram, int bits, bool symmetric, RangeMethod method);

/// Sum of squared errors of a quantizer over the histogram's values (taken at the bin centres).
double squared_error(const Histogram& histogram, const QuantizerRange& range);

}  // namespace zoa
