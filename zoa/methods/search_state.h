// SPDX-License-Identifier: Apache-2.0
// What foa and pace carry from batch to batch: the evolution strategy, its best candidate so far
// and the activation shift; and how a budget of passes becomes a population.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/state.h"
#include "zoa/methods/cmaes.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/trials.h"

namespace zoa {

/// From three passes on one of them tries the best candidate of the batch before, the others make
/// the population; two passes are two new candidates.
/// Source  FOA (28 passes); two passes: FOA in ZOA's code with a population of 1.
struct SearchBudget {
  explicit SearchBudget(std::int64_t passes)
      : population(static_cast<std::size_t>(passes < 3 ? 2 : passes - 1)), incumbent(passes >= 3) {}

  std::size_t population;
  bool incumbent;
};

struct SearchState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  ///< updates so far: number of the next normals
  Cmaes search;
  std::vector<double> best;  ///< (d) of the last batch
  FeatureShift shift;

  /// The candidates of the next generation.
  Cmaes::Candidates ask() const;

  /// Takes in what a batch said of all candidates; injected ones are clipped for the update.
  /// False, and half changed, where fewer candidates than parents have a finite loss or the search
  /// leaves the numbers: then forget this copy.
  bool learn(const Trials& trials);

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch, BadFile; the state is then half read, so load into a copy.
  void load(const StateReader& reader, const std::string& prefix);
};

}  // namespace zoa
