// SPDX-License-Identifier: Apache-2.0
// A page that shows what adaptation brought: one self-contained HTML file with inline SVG, readable
// on a phone and in the dark; its only script sorts tables. Everything that comes from outside is
// escaped.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/record.h"

namespace zoa {

struct ReportOptions {
  std::string title{};    ///< "" = one made from the networks
  std::string command{};  ///< what repeats the page as a whole, above the rows' own; "" = none
};

/// The whole page: a table over all networks, then a section per network. Runs that differ only in
/// their seeds are one row; rows that are unlike are marked as such. Networks without batches get a
/// line that says so.
std::string html_report(const std::vector<Run>& runs, const ReportOptions& options = {});

/// "fashion-vit (w8a8): 61.2 % without adaptation, 68.4 % with zoa, +7.2 points (mean over 8
/// domains)". Compares the first method with the last one.
std::string gain_sentence(const Run& run);

}  // namespace zoa
