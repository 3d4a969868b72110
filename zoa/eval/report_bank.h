// SPDX-License-Identifier: Apache-2.0
// Which knowledge is reused when: the weights of a bank's entries over the stream. Private to the
// report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/eval/record.h"

namespace zoa::detail {

/// An entry of a bank from its insertion to its removal or the end.
struct BankEntry {
  std::string name;  ///< "as shipped", or the domain with most images since the change before
  std::vector<double> begin;  ///< images seen at the start of each batch in which it was there
  std::vector<double> end;
  std::vector<double> weight;
};

/// Follows the entries of a method through insertions, removals and resets.
std::vector<BankEntry> follow_bank(const Run& run, const std::string& method);

/// One SVG element: a line of cells per entry, the darker the larger its weight; "" for a method
/// whose bank never had a second entry.
std::string bank_plot(const Run& run, const std::string& method, std::size_t series);

}  // namespace zoa::detail
