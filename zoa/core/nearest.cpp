// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace zoa {
namespace {

constexpr std::size_t kLongestCompared =
    64;  // longer names get no hint: the table grows with n * m

std::string normalise(const std::string& name) {
  std::string out = name;
  for (char& c : out) {
    if (c == '-') {
      c = '_';
    } else if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

// Levenshtein distance, one row at a time.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(const std::string& name, const std::vector<std::string>& known) {
  if (name.size() > kLongestCompared) {
    return "";
  }
  const std::string wanted = normalise(name);
  std::string best;
  std::size_t best_distance = 1 + std::max<std::size_t>(1, wanted.size() / 3);
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(wanted, normalise(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::string unknown_name_text(const std::string& what,
                              const std::string& name,
                              const std::vector<std::string>& known) {
  std::string text = "unknown " + what + " '" + name + "'";
  const std::string hint = nearest(name, known);
  if (!hint.empty()) {
    text += "; did you mean '" + hint + "'?";
  }
  text += hint.empty() ? "; known:" : " known:";
  for (std::size_t i = 0; i < known.size(); ++i) {
    text += (i == 0 ? " " : ", ") + known[i];
  }
  return known.empty() ? text + " none" : text;
}

}  // namespace zoa
