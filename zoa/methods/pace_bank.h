// SPDX-License-Identifier: Apache-2.0
// PACE's bank: where the search stood when its domain ended. A value; entries never change and are
// shared between copies.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

class PaceBank {
 public:
  /// width  r, numbers of an entry;  capacity  most entries, 0 = nothing is kept
  PaceBank(std::size_t width, std::size_t capacity) : width_(width), capacity_(capacity) {}

  std::size_t size() const { return entries_.size(); }
  /// (r), the oldest first.
  std::span<const double> entry(std::size_t index) const { return *entries_[index]; }

  /// Adds an entry (r). Over the capacity, the one whose cosine similarity to the others is highest
  /// on average goes (of equal ones the oldest), maybe the new one; its index before is returned.
  std::optional<std::size_t> insert(std::span<const double> mean);

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another width or more entries than the capacity, BadFile for values
  ///         not finite.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  using Entry = std::shared_ptr<const std::vector<double>>;

  std::size_t most_redundant() const;

  std::size_t width_;
  std::size_t capacity_;
  std::vector<Entry> entries_;
};

}  // namespace zoa
