// SPDX-License-Identifier: Apache-2.0
// What cola-fp mixes: offsets of the norms, each with the stem statistics of the domain that they
// were learnt in. Read from cola-fp's own state or from zoa's. Entries never change.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zoa/core/state.h"
#include "zoa/methods/domain_detector.h"

namespace zoa {

class ColaKnowledge {
 public:
  struct Entry {
    std::vector<float> offsets;  ///< (P), relative to the shipped parameters
    DomainStats domain;
  };

  std::size_t entries() const { return entries_.size(); }
  const Entry& entry(std::size_t index) const { return entries_[index]; }
  void add(Entry entry) { entries_.push_back(std::move(entry)); }

  /// Weights of the zero entry and of each entry, (M + 1): softmax of 1 / (distance + 1e-4) /
  /// temperature. `present` must not be empty.
  /// zero_distance  what stands for the distance of the shipped model's domain
  std::vector<double> weights(const DomainStats& present,
                              double temperature,
                              double zero_distance) const;

  /// sum_k w_k offsets_k, (P), for weights (M + 1).
  std::vector<double> mixture(std::span<const double> weights, std::size_t parameters) const;

  void save(StateWriter& writer) const;
  /// Throws  StateMismatch for other sizes, BadFile for values that are not finite.
  void load(const StateReader& reader,
            const std::vector<std::size_t>& vector_sizes,
            std::size_t channels);
  /// From a state of zoa: the bank's entries and, last, zoa's present total with the running
  /// statistics of its present domain.
  /// Throws  as load; StateMismatch for a state that knows no domain.
  void load_zoa(const StateReader& reader,
                const std::vector<std::size_t>& vector_sizes,
                std::size_t channels);

 private:
  std::vector<Entry> entries_;
};

}  // namespace zoa
