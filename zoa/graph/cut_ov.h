// SPDX-License-Identifier: Apache-2.0
// Cuts an instrumented network in two: the prefix is everything that no slot can change (run once a
// batch), the suffix everything that depends on a slot (run once a pass). Nothing is said by hand
// about where to cut.
#pragma once

#include <string>
#include <vector>

#include "zoa/graph/instrument_ov.h"

namespace zoa {

struct Cut {
  std::shared_ptr<ov::Model> prefix;  ///< image -> border values, then outputs that no slot changes
  std::shared_ptr<ov::Model>
      suffix;              ///< border values and slots -> the other outputs; null without slots
  std::size_t border = 0;  ///< number of border values: first outputs, first inputs
  std::vector<std::string> prefix_outputs;  ///< names after the border values
  std::vector<std::string> suffix_outputs;
};

/// `model` is taken apart: do not use it afterwards.
Cut cut_model(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
