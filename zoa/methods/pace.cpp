// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pace.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/domain_detector.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/pace_bank.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/search_state.h"
#include "zoa/methods/staged.h"
#include "zoa/methods/subspace.h"
#include "zoa/methods/trials.h"

namespace zoa {
namespace {

constexpr std::size_t kInjected = 4;  // entries that join the first population of a domain

struct PaceState {
  SearchState search;
  DomainDetector detector;
  PaceBank bank;
  std::size_t channels = 0;  // of the stem
  bool frozen = false;       // the search has stopped
  bool probe = false;        // the next batch looks into the bank first

  void save(StateWriter& writer, const std::string& prefix) const {
    search.save(writer, prefix);
    detector.save(writer, prefix);
    bank.save(writer, prefix);
    writer.put_i64(prefix + ".flags", std::vector<std::int64_t>{frozen ? 1 : 0, probe ? 1 : 0});
  }

  void load(const StateReader& reader, const std::string& prefix) {
    search.load(reader, prefix);
    detector.load(reader, prefix, channels);
    bank.load(reader, prefix);
    const std::vector<std::int64_t> flags = reader.get_i64(prefix + ".flags");
    if (flags.size() != 2) {
      fail(ErrorCode::StateMismatch, "state has ", flags.size(), " flags, expected 2");
    }
    frozen = flags[0] != 0;
    probe = flags[1] != 0;
  }
};

// How many candidates a batch after a change takes from the bank (the zero vector included), so
// that they and the rest of the population fit into the passes.
std::size_t most_probes(const PaceOptions& options) {
  const std::size_t population = SearchBudget(options.passes).population;
  const auto budget = static_cast<std::size_t>(options.passes + options.extra_probes);
  return budget - population + std::min(kInjected, population);
}

// Passes of such a batch: the best few probes are members of the population.
std::size_t probing_passes(const PaceOptions& options, std::size_t probes) {
  const std::size_t population = SearchBudget(options.passes).population;
  return probes + population - std::min({kInjected, population, probes});
}

Cmaes make_search(const PaceOptions& options, std::size_t width) {
  return {parse_evolution(options.strategy), std::vector<double>(width), options.sigma,
          SearchBudget(options.passes).population};
}

PaceState first_state(const PaceOptions& options,
                      std::uint64_t seed,
                      std::size_t width,
                      const ModelInfo& model,
                      const SourceStats& stats) {
  DomainOptions domain;
  domain.threshold = options.threshold;
  domain.least_batch = static_cast<std::size_t>(options.domain_batch);
  SearchState search{seed, 0, make_search(options, width), std::vector<double>(width),
                     FeatureShift(source_feature_mean(model, stats), options.shift_momentum)};
  return {std::move(search), DomainDetector(domain),
          PaceBank(width, static_cast<std::size_t>(options.bank_size)), model.stem_channels};
}

// |to - from| / |from|; endless from 0.
double relative_move(std::span<const double> from, std::span<const double> to) {
  double moved = 0;
  double length = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    moved += (to[i] - from[i]) * (to[i] - from[i]);
    length += from[i] * from[i];
  }
  return std::sqrt(moved) / (std::sqrt(length) + 1e-13);
}

class Pace : public StagedMethod<PaceState> {
 public:
  Pace(const PaceOptions& options,
       std::uint64_t seed,
       const AdaptedSlots& slots,
       const ModelInfo& model,
       const SourceStats& stats)
      : StagedMethod(pace_info(options, model),
                     list_options(options),
                     first_state(options, seed, width_of(options, slots), model, stats)),
        options_(options),
        slots_(slots),
        model_(model),
        stats_(stats),
        subspace_(seed, width_of(options, slots), slots.neutral.size()),
        feature_mean_(source_feature_mean(model, stats)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    PaceState next = state();
    const std::vector<float> shift = next.search.shift.shift();
    Trials trials(model_, stats_, {options_.lambda}, [&](std::span<const double> candidate) {
      return run_pass(forward, candidate, shift);
    });
    try_candidates(next, trials);
    StepResult result = trials.result();
    result.bank_entries = next.bank.size();

    const std::vector<double> before(next.search.search.mean().begin(),
                                     next.search.search.mean().end());
    if (!learn(trials, next)) {
      return result;
    }
    const DomainVerdict verdict = model_.stem_channels > 0
                                      ? next.detector.observe(forward.stem(), state().frozen)
                                      : DomainVerdict{};
    result.domain_distance = verdict.distance;
    result.domain_changed = verdict.changed;
    if (verdict.changed) {
      result.removed_entry = begin_domain(next);
    } else if (relative_move(before, next.search.search.mean()) < options_.stop) {
      next.frozen = true;
    }
    result.bank_entries = next.bank.size();
    stage(std::move(next), result);
    return result;
  }

 private:
  static std::size_t width_of(const PaceOptions& options, const AdaptedSlots& slots) {
    return std::min(static_cast<std::size_t>(options.width), slots.neutral.size());
  }

  PassOutput run_pass(Forward& forward,
                      std::span<const double> candidate,
                      std::span<const float> shift) {
    // A state that was loaded may bring another seed: the subspace is the one of that seed.
    const std::uint64_t seed = state().search.seed;
    if (seed != subspace_.seed()) {
      subspace_ = Subspace(seed, subspace_.width(), subspace_.parameters());
    }
    values_ = to_floats(subspace_.project(candidate));
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] += slots_.neutral[i];
    }
    return forward.pass(make_slot_values(slots_, values_, shift));
  }

  void try_candidates(const PaceState& next, Trials& trials) const {
    const std::span<const double> mean = next.search.search.mean();
    if (next.frozen) {
      trials.evaluate({mean.begin(), mean.end()});
      return;
    }
    if (next.probe) {
      try_bank(next, trials);
    }
    Cmaes::Candidates candidates = next.search.ask();
    for (std::size_t k = trials.all().size(); k < candidates.size(); ++k) {
      trials.evaluate(std::move(candidates[k]));
    }
    if (!next.probe && SearchBudget(options_.passes).incumbent) {
      trials.evaluate(next.search.best, true);
    }
  }

  // Zero and the newest entries; the best few stay as the first members of the population.
  // Differs: the reference probes all entries and then runs the chosen ones once more.
  void try_bank(const PaceState& next, Trials& trials) const {
    trials.evaluate(std::vector<double>(subspace_.width()), true);
    const std::size_t most = most_probes(options_);
    for (std::size_t back = 0; back < next.bank.size() && trials.all().size() < most; ++back) {
      const std::span<const double> entry = next.bank.entry(next.bank.size() - 1 - back);
      trials.evaluate({entry.begin(), entry.end()}, true);
    }
    trials.keep_best(std::min(kInjected, next.search.search.population()));
  }

  bool learn(const Trials& trials, PaceState& next) const {
    next.probe = false;
    if (!next.frozen) {
      return next.search.learn(trials);
    }
    next.search.shift.observe(trials.feature_mean(), false);
    return trials.num_finite() > 0;
  }

  // Keeps where the search stood and starts it anew. The batch that showed the change was served
  // with the old parameters.
  std::optional<std::size_t> begin_domain(PaceState& next) const {
    const std::optional<std::size_t> removed = next.bank.insert(next.search.search.mean());
    next.search.search = make_search(options_, subspace_.width());
    next.search.best.assign(subspace_.width(), 0);
    next.search.shift = FeatureShift(feature_mean_, options_.shift_momentum);
    next.frozen = false;
    next.probe = next.bank.size() > 0;
    return removed ? std::optional(*removed + 1) : std::nullopt;
  }

  PaceOptions options_;
  AdaptedSlots slots_;
  ModelInfo model_;
  SourceStats stats_;
  Subspace subspace_;
  std::vector<float> feature_mean_;  // of clean data
  std::vector<float> values_;        // (P) of the present pass
};

}  // namespace

PaceOptions default_pace_options(const ModelInfo& model) {
  PaceOptions options;
  if (model.family == Family::Cnn) {
    options.lambda = 1;
    options.threshold = 0.2;
  }
  return options;
}

MethodInfo pace_info(const PaceOptions& options, const ModelInfo& model) {
  const std::size_t probes =
      std::min(static_cast<std::size_t>(options.bank_size) + 1, most_probes(options));
  MethodInfo info;
  info.name = "pace";
  info.title = "evolution strategy in a subspace of the norms, with a bank; stops when settled";
  info.paper =
      "Subspace Optimization for Backpropagation-Free Continual Test-Time Adaptation, ECML PKDD "
      "2026, arXiv 2603.28678";
  info.most_passes =
      std::max(static_cast<std::size_t>(options.passes), probing_passes(options, probes));
  info.slots = {SlotKind::NormGamma, SlotKind::NormBeta, SlotKind::FeatureShift};
  info.needs_taps = true;
  info.needs_source = true;
  info.needs_stem = true;
  info.uses_batch_statistics = model.has_batch_norm;
  return info;
}

std::unique_ptr<Method> make_pace(const PaceOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats) {
  check_options(options);
  check_loss(model, stats);
  return std::make_unique<Pace>(options, seed, find_adapted_slots(model), model, stats);
}

}  // namespace zoa
