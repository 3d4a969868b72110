// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/search_state.h"

#include <bit>
#include <span>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/parts.h"

namespace zoa {

Cmaes::Candidates SearchState::ask() const {
  const std::size_t count = search.population() * search.dimension();
  return search.ask(draw_normals(seed, step, RngPurpose::SearchNormals, count));
}

bool SearchState::learn(const Trials& trials) {
  if (trials.num_finite() < search.parents()) {
    return false;
  }
  const std::vector<std::size_t> order = trials.order();
  std::vector<std::vector<double>> clipped;
  clipped.reserve(order.size());  // the spans below point into it
  std::vector<std::span<const double>> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) {
    const Trial& trial = trials.all()[index];
    if (trial.injected) {
      clipped.push_back(search.clip(trial.candidate));
      sorted.emplace_back(clipped.back());
    } else {
      sorted.emplace_back(trial.candidate);
    }
  }
  search.tell(sorted);
  best = trials.all()[order.front()].candidate;
  shift.observe(trials.feature_mean(), false);
  ++step;
  return search.is_finite();
}

void SearchState::save(StateWriter& writer, const std::string& prefix) const {
  const std::vector<std::int64_t> counters = {std::bit_cast<std::int64_t>(seed),
                                              std::bit_cast<std::int64_t>(step)};
  writer.put_i64(prefix + ".counters", counters);
  writer.put_f64(prefix + ".best", best);
  search.save(writer, prefix + ".search");
  shift.save(writer, prefix);
}

void SearchState::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> counters = reader.get_i64(prefix + ".counters");
  std::vector<double> loaded = reader.get_f64(prefix + ".best");
  if (counters.size() != 2 || loaded.size() != best.size()) {
    fail(ErrorCode::StateMismatch, "state has ", counters.size(), " counters and ", loaded.size(),
         " parameters, expected 2 and ", best.size());
  }
  if (!all_finite(loaded)) {
    fail(ErrorCode::BadFile, "state has parameters that are not finite");
  }
  seed = std::bit_cast<std::uint64_t>(counters[0]);
  step = std::bit_cast<std::uint64_t>(counters[1]);
  best = std::move(loaded);
  search.load(reader, prefix + ".search");
  shift.load(reader, prefix);
}

}  // namespace zoa
