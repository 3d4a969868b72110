// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/fozo.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/feature_shift.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"
#include "zoa/methods/trials.h"

namespace zoa {
namespace {

struct FozoState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  // updates so far: number of the next direction
  std::vector<double> prompts;
  double eps = 0;
  double lr = 0;
  std::optional<double> mean_loss;  // none before the first batch
  FeatureShift shift;

  void save(StateWriter& writer, const std::string& prefix) const {
    const std::vector<std::int64_t> counters = {std::bit_cast<std::int64_t>(seed),
                                                std::bit_cast<std::int64_t>(step)};
    writer.put_i64(prefix + ".counters", counters);
    writer.put_f64(prefix + ".prompts", prompts);
    std::vector<double> schedule = {eps, lr};
    if (mean_loss) {
      schedule.push_back(*mean_loss);
    }
    writer.put_f64(prefix + ".schedule", schedule);
    shift.save(writer, prefix);
  }

  void load(const StateReader& reader, const std::string& prefix) {
    const std::vector<std::int64_t> counters = reader.get_i64(prefix + ".counters");
    std::vector<double> loaded = reader.get_f64(prefix + ".prompts");
    const std::vector<double> schedule = reader.get_f64(prefix + ".schedule");
    if (counters.size() != 2 || loaded.size() != prompts.size() || schedule.size() < 2 ||
        schedule.size() > 3) {
      fail(ErrorCode::StateMismatch, "state has prompts of ", loaded.size(),
           " numbers and a schedule of ", schedule.size(), ", expected ", prompts.size(),
           " and 2 or 3");
    }
    if (!all_finite(loaded) || !all_finite(schedule) || schedule[0] <= 0) {
      fail(ErrorCode::BadFile, "state has prompts or a schedule that cannot be");
    }
    seed = std::bit_cast<std::uint64_t>(counters[0]);
    step = std::bit_cast<std::uint64_t>(counters[1]);
    prompts = std::move(loaded);
    eps = schedule[0];
    lr = schedule[1];
    mean_loss = schedule.size() == 3 ? std::optional(schedule[2]) : std::nullopt;
    shift.load(reader, prefix);
  }
};

FozoState first_state(const FozoOptions& options,
                      std::uint64_t seed,
                      const ModelInfo& model,
                      const SourceStats& stats) {
  const std::size_t d = model.slots[find_slot(model, SlotKind::Prompt)].size;
  return {seed,
          0,
          draw_uniform(seed, RngPurpose::FozoStart, options.init, d),
          options.eps,
          options.lr,
          std::nullopt,
          FeatureShift(source_feature_mean(model, stats), options.shift_momentum)};
}

// The radius shrinks and the step size settles until the loss jumps; then both start anew.
// Differs: the loss is that of an image, so that a short last batch is not taken for a fall.
void adjust_schedule(const FozoOptions& options, double loss, FozoState& state) {
  const double share = options.loss_momentum;
  state.mean_loss = state.mean_loss ? (1 - share) * *state.mean_loss + share * loss : loss;
  const bool rises = loss > options.alarm * *state.mean_loss;
  state.eps = rises ? options.eps : state.eps * options.eps_decay;
  state.lr = rises ? options.least_lr : options.lr_decay * state.lr + options.lr_step;
  state.eps = std::clamp(state.eps, options.least_eps, std::max(options.least_eps, options.eps));
  state.lr = std::clamp(state.lr, options.least_lr, std::max(options.least_lr, options.most_lr));
}

class Fozo : public StagedMethod<FozoState> {
 public:
  Fozo(const FozoOptions& options,
       std::uint64_t seed,
       const ModelInfo& model,
       const SourceStats& stats)
      : StagedMethod(fozo_info(options, model),
                     list_options(options),
                     first_state(options, seed, model, stats)),
        options_(options),
        model_(model),
        stats_(stats),
        slot_(find_slot(model, SlotKind::Prompt)),
        shift_slot_(find_slot(model, SlotKind::FeatureShift)) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    FozoState next = state();
    const std::vector<float> shift = next.shift.shift();
    std::vector<float> values;
    SlotValues slots(model_.slots.size());
    slots[shift_slot_] = shift;
    Trials trials(model_, stats_, {options_.lambda, true}, [&](std::span<const double> candidate) {
      values = to_floats(candidate);
      slots[slot_] = values;
      return forward.pass(slots);
    });
    const std::vector<double> direction =
        draw_normals(next.seed, next.step, RngPurpose::FozoDirection, next.prompts.size());
    trials.evaluate(moved(next.prompts, next.eps, direction));
    trials.evaluate(moved(next.prompts, -next.eps, direction));

    StepResult result = trials.result();
    if (learn(trials, direction, static_cast<double>(batch.count), next)) {
      result.loss_perturbed = std::max(trials.all()[0].loss, trials.all()[1].loss);
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  static std::vector<double> moved(std::vector<double> from,
                                   double way,
                                   const std::vector<double>& direction) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      from[i] += way * direction[i];
    }
    return from;
  }

  bool learn(const Trials& trials,
             const std::vector<double>& direction,
             double count,
             FozoState& next) const {
    if (trials.num_finite() < 2) {
      return false;
    }
    // The published step sizes belong to losses summed over the images.
    const double difference = count * (trials.all()[0].loss - trials.all()[1].loss);
    const double gradient = difference / (2 * next.eps);
    adjust_schedule(options_, trials.result().loss, next);
    next.prompts = moved(std::move(next.prompts), -next.lr * gradient, direction);
    std::vector<double> mean = trials.feature_mean();
    for (double& value : mean) {
      value *= options_.doubled_shift ? 2 : 1;
    }
    next.shift.observe(mean, false);
    ++next.step;
    return all_finite(next.prompts);
  }

  FozoOptions options_;
  ModelInfo model_;
  SourceStats stats_;
  std::size_t slot_;
  std::size_t shift_slot_;
};

}  // namespace

FozoOptions default_fozo_options(const ModelInfo& model) {
  FozoOptions options;
  options.init = prompt_range(model);
  return options;
}

MethodInfo fozo_info(const FozoOptions& options, const ModelInfo& model) {
  if (model.family == Family::Cnn) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name,
         "' is a CNN: fozo adapts the prompt tokens of a transformer; for a CNN take foa or zoa");
  }
  MethodInfo info;
  info.name = "fozo";
  info.title = "two-sided zeroth-order step on prompt tokens, two passes per batch";
  info.paper = "FOZO, CVPR 2026 (read in its published code, eVI-group-SCU/FOZO)";
  info.most_passes = 2;
  info.slots = {SlotKind::Prompt, SlotKind::FeatureShift};
  info.prompts = static_cast<std::size_t>(options.prompts);
  info.needs_taps = true;
  info.needs_source = true;
  info.uses_batch_statistics = model.has_batch_norm;
  return info;
}

std::unique_ptr<Method> make_fozo(const FozoOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats) {
  check_options(options);
  fozo_info(options, model);
  check_loss(model, stats);
  return std::make_unique<Fozo>(options, seed, model, stats);
}

}  // namespace zoa
