// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/severity.h"

#include <set>
#include <sstream>

#include "zoa/core/error.h"

namespace zoa {
namespace {

// 0 = not one digit 1..5
int digit_of(const std::string& text) {
  const bool is_one = text.size() == 1 && text[0] >= '1' && text[0] <= '5';
  return is_one ? text[0] - '0' : 0;
}

}  // namespace

std::vector<int> parse_severities(const std::string& text) {
  std::set<int> found;
  std::istringstream parts(text + ",");
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const int first = digit_of(part.substr(0, dash));
    const int last = dash == std::string::npos ? first : digit_of(part.substr(dash + 1));
    if (first == 0 || last < first) {
      fail(ErrorCode::InvalidArgument, "option 'severity': ", text,
           " is not 1 .. 5; expected one severity, a range or a list: 5, 1-5 or 1,3,5");
    }
    for (int severity = first; severity <= last; ++severity) {
      found.insert(severity);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<CorruptionDomain> cross_severities(const std::vector<std::string>& corruptions,
                                               const std::vector<int>& severities) {
  if (severities.empty()) {
    fail(ErrorCode::InvalidArgument, "no severity, expected one or more of 1..5");
  }
  std::vector<CorruptionDomain> domains;
  domains.reserve(corruptions.size() * severities.size());
  for (const std::string& corruption : corruptions) {
    for (const int severity : severities) {
      if (severity < 1 || severity > 5) {
        fail(ErrorCode::InvalidArgument, "severity ", severity, ", expected 1..5");
      }
      const std::string suffix = severities.size() > 1 ? "@" + std::to_string(severity) : "";
      domains.push_back({corruption + suffix, corruption, severity});
    }
  }
  return domains;
}

std::string severities_text(const std::vector<int>& severities) {
  std::string text;
  for (const int severity : severities) {
    text += (text.empty() ? "" : ",") + std::to_string(severity);
  }
  return text;
}

}  // namespace zoa
