// SPDX-License-Identifier: Apache-2.0
// Severities as the command line writes them, and the domains that they make.
#pragma once

#include <string>
#include <vector>

namespace zoa {

/// "5", "1-5", "1,3,5" or "1-3,5" to 1..5, ascending, each once.
/// Throws  InvalidArgument for anything else.
std::vector<int> parse_severities(const std::string& text);

/// A corruption at one severity; the name is that of its domain.
struct CorruptionDomain {
  std::string name;        ///< "fog", or "fog@3" where there are several severities
  std::string corruption;  ///< "fog"
  int severity = 5;
};

/// Every corruption at every severity, all severities of a corruption together.
/// Throws  InvalidArgument if a severity is not 1..5 or there is none.
std::vector<CorruptionDomain> cross_severities(const std::vector<std::string>& corruptions,
                                               const std::vector<int>& severities);

/// "1,3,5".
std::string severities_text(const std::vector<int>& severities);

}  // namespace zoa
