// SPDX-License-Identifier: Apache-2.0
// Quantizers that a file brings along: FakeQuantize alone, or QDQ's FakeQuantize, Convert, Convert,
// Subtract, Multiply.
#pragma once

#include <optional>
#include <vector>

#include "zoa/graph/ops_ov.h"

namespace zoa {

/// The quantizer that a value comes from, seen through reshapes, transposes and splits.
struct ReadQuantizer {
  NodePtr quantize;          ///< the FakeQuantize
  std::vector<double> low;   ///< what its first code means to the reader, one or per channel
  std::vector<double> high;  ///< and its last
  std::size_t levels = 0;

  /// The code that means zero, of a quantizer with one range; not a whole number if none does.
  double zero_code() const;
  /// True if the codes, as signed integers, need no zero point.
  bool is_symmetric() const;
  /// True if the codes, as unsigned integers, need no zero point: no value is negative.
  bool is_unsigned() const;
};

/// Nothing if the value does not come from a quantizer.
std::optional<ReadQuantizer> find_quantizer(const ov::Output<ov::Node>& value);

/// Number of levels of a FakeQuantize, 0 for other nodes.
std::size_t levels_of(const ov::Node& node);

/// The end of QDQ's chain (a Multiply, or the Convert where scale and zero point are neutral): the
/// FakeQuantize it began with. For a FakeQuantize that is followed by no such chain: itself.
/// Null for every other node.
NodePtr quantizer_of(const NodePtr& node);

/// True for operations that move values without changing them: Reshape, Transpose, Split, ...
bool moves_values(const ov::Node& node);

}  // namespace zoa
