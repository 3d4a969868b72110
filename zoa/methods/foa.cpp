// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/foa.h"

#include <cmath>
#include <utility>
#include <vector>

#include "zoa/methods/directions.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/search_state.h"
#include "zoa/methods/staged.h"
#include "zoa/methods/trials.h"

namespace zoa {
namespace {

constexpr std::size_t kFilterTaps = 49;  // 7 x 7

SlotKind slot_kind(const ModelInfo& model) {
  return model.family == Family::Vit ? SlotKind::Prompt : SlotKind::InputFilter;
}

// Transformer: the search starts at 0 and the first incumbent is what the reference gives its
// prompts at the start. CNN: both are a Kaiming-normal filter (the reference's fan-out equals the
// fan-in).
SearchState first_state(const FoaOptions& options,
                        std::uint64_t seed,
                        const ModelInfo& model,
                        const SourceStats& stats) {
  const std::size_t d = model.slots[find_slot(model, slot_kind(model))].size;
  std::vector<double> start(d);
  std::vector<double> best;
  if (model.family == Family::Vit) {
    best = draw_uniform(seed, RngPurpose::SearchStart, prompt_range(model), d);
  } else {
    const double fan = std::sqrt(static_cast<double>(d * kFilterTaps));  // channels * 49
    start = draw_normals(seed, 0, RngPurpose::SearchStart, d);
    for (double& value : start) {
      value *= std::sqrt(2 / fan);
    }
    best = start;
  }
  const std::size_t population = SearchBudget(options.passes).population;
  return {seed, 0,
          Cmaes(parse_evolution(options.strategy), std::move(start), options.sigma, population),
          std::move(best), FeatureShift(source_feature_mean(model, stats), options.shift_momentum)};
}

class Foa : public StagedMethod<SearchState> {
 public:
  Foa(const FoaOptions& options,
      std::uint64_t seed,
      const ModelInfo& model,
      const SourceStats& stats)
      : StagedMethod(foa_info(options, model),
                     list_options(options),
                     first_state(options, seed, model, stats)),
        options_(options),
        model_(model),
        stats_(stats),
        slot_(find_slot(model, slot_kind(model))),
        shift_slot_(find_slot(model, SlotKind::FeatureShift)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    SearchState next = state();
    const std::vector<float> shift = next.shift.shift();
    std::vector<float> values;
    SlotValues slots(model_.slots.size());
    slots[shift_slot_] = shift;
    Trials trials(model_, stats_, {options_.lambda}, [&](std::span<const double> candidate) {
      values = to_floats(candidate);
      slots[slot_] = values;
      return forward.pass(slots);
    });
    for (std::vector<double>& candidate : next.ask()) {
      trials.evaluate(std::move(candidate));
    }
    if (SearchBudget(options_.passes).incumbent) {
      trials.evaluate(next.best, true);
    }
    StepResult result = trials.result();
    if (next.learn(trials)) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  FoaOptions options_;
  ModelInfo model_;
  SourceStats stats_;
  std::size_t slot_;
  std::size_t shift_slot_;
};

}  // namespace

FoaOptions default_foa_options(const ModelInfo& model) {
  FoaOptions options;
  if (model.family == Family::Cnn) {
    options.strategy = "separable";
  }
  return options;
}

MethodInfo foa_info(const FoaOptions& options, const ModelInfo& model) {
  MethodInfo info;
  info.name = "foa";
  info.title = "evolution strategy over prompt tokens (CNN: an input filter), best of many passes";
  info.paper = "Test-Time Model Adaptation with Only Forward Passes, ICML 2024, arXiv 2404.01650";
  info.most_passes = static_cast<std::size_t>(options.passes);
  info.slots = {slot_kind(model), SlotKind::FeatureShift};
  if (model.family == Family::Vit) {
    info.prompts = static_cast<std::size_t>(options.prompts);
  }
  info.needs_taps = true;
  info.needs_source = true;
  info.uses_batch_statistics = model.has_batch_norm;
  return info;
}

std::unique_ptr<Method> make_foa(const FoaOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats) {
  check_options(options);
  check_loss(model, stats);
  return std::make_unique<Foa>(options, seed, model, stats);
}

}  // namespace zoa
