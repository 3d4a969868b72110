// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/eva0.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/methods/adapted_slots.h"
#include "zoa/methods/directions.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

constexpr char kName[] = "eva0";

struct Eva0State {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;      // updates so far
  std::vector<float> offsets;  // (P) w, relative to the shipped parameters

  void save(StateWriter& writer, const std::string& prefix) const {
    const std::vector<std::int64_t> counters = {std::bit_cast<std::int64_t>(seed),
                                                std::bit_cast<std::int64_t>(step)};
    writer.put_i64(prefix + ".counters", counters);
    writer.put_f32(prefix + ".offsets", offsets);
  }

  void load(const StateReader& reader, const std::string& prefix) {
    const std::vector<std::int64_t> counters = reader.get_i64(prefix + ".counters");
    std::vector<float> loaded = reader.get_f32(prefix + ".offsets");
    if (counters.size() != 2 || loaded.size() != offsets.size()) {
      fail(ErrorCode::StateMismatch, "state has ", loaded.size(), " offsets, the model ",
           offsets.size());
    }
    if (!all_finite(loaded)) {
      fail(ErrorCode::BadFile, "state has offsets that are not finite");
    }
    seed = std::bit_cast<std::uint64_t>(counters[0]);
    step = std::bit_cast<std::uint64_t>(counters[1]);
    offsets = std::move(loaded);
  }
};

// Copies of one side of the pair.
struct Side {
  std::vector<float> logits;
  std::vector<float> answer;
  std::vector<float> taps;
};

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) {
    sum += static_cast<double>(value) * static_cast<double>(value);
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

template <class Value>
double centred_size(std::span<const Value> values) {
  double mean = 0;
  for (const Value value : values) {
    mean += static_cast<double>(value) / static_cast<double>(values.size());
  }
  double sum = 0;
  for (const Value value : values) {
    const double difference = static_cast<double>(value) - mean;
    sum += difference * difference;
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// Mean square of (feature - source mean) / source deviation.
double feature_distance(std::span<const float> features, const SourceStats& source) {
  constexpr double kLeastDeviation = 1e-6;  // of a feature that never moves on clean data
  double sum = 0;
  for (std::size_t j = 0; j < features.size(); ++j) {
    const double deviation = std::max(static_cast<double>(source.tap_std[j]), kLeastDeviation);
    const double z =
        (static_cast<double>(features[j]) - static_cast<double>(source.tap_mean[j])) / deviation;
    sum += z * z;
  }
  return sum / static_cast<double>(features.size());
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

class Eva0 : public StagedMethod<Eva0State> {
 public:
  Eva0(const Eva0Options& options,
       std::uint64_t seed,
       const AdaptedSlots& slots,
       const ModelInfo& model,
       const SourceStats& stats)
      : StagedMethod(eva0_info(options, model),
                     list_options(options),
                     {seed, 0, std::vector<float>(slots.neutral.size())}),
        options_(options),
        model_(model),
        stats_(stats),
        slots_(slots) {}

  StepResult step(const Batch& batch, Forward& forward) override;

 private:
  void fill_direction(std::size_t image, std::span<float> out) const;
  Side run_side(Forward& forward, std::size_t images, double sign);
  std::vector<double> losses_of(const Side& side, const Side& other) const;
  bool learn(const std::vector<double>& derivatives, Eva0State& next) const;

  Eva0Options options_;
  ModelInfo model_;
  SourceStats stats_;
  AdaptedSlots slots_;
  std::vector<float> values_;  // (slot, image, channel) of the present pass
};

// Every fourth image looks along the line to the anchor: the shipped parameters.
void Eva0::fill_direction(std::size_t image, std::span<float> out) const {
  const auto every = static_cast<std::size_t>(options_.anchor_every);
  const double size = root_mean_square(state().offsets);
  if (image % every == every - 1 && size > 0) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<float>(static_cast<double>(state().offsets[i]) / size);
    }
    return;
  }
  fill_signs(state().seed, state().step, image, out);
}

Side Eva0::run_side(Forward& forward, std::size_t images, double sign) {
  const std::size_t parameters = slots_.neutral.size();
  const float radius = static_cast<float>(sign * options_.c);
  values_.resize(images * parameters);
  std::vector<float> direction(parameters);
  for (std::size_t image = 0; image < images; ++image) {
    fill_direction(image, direction);
    std::size_t first = 0;  // parameters of earlier slots
    for (const std::size_t size : slots_.sizes) {
      float* out = values_.data() + first * images + image * size;
      for (std::size_t j = 0; j < size; ++j) {
        const std::size_t p = first + j;
        out[j] = slots_.neutral[p] + (state().offsets[p] + radius * direction[p]);
      }
      first += size;
    }
  }
  SlotValues values(slots_.slot_count);
  std::size_t first = 0;
  for (std::size_t s = 0; s < slots_.slots.size(); ++s) {
    values[slots_.slots[s]] =
        std::span<const float>(values_).subspan(first * images, images * slots_.sizes[s]);
    first += slots_.sizes[s];
  }
  const PassOutput output = forward.pass(values);
  return {{output.logits.begin(), output.logits.end()},
          {output.answer.begin(), output.answer.end()},
          {output.taps.begin(), output.taps.end()}};
}

std::vector<double> Eva0::losses_of(const Side& side, const Side& other) const {
  const std::size_t classes = model_.classes;
  const std::size_t width = model_.tap_width;
  std::vector<double> losses(side.logits.size() / classes);
  std::vector<double> mean(classes);
  for (std::size_t image = 0; image < losses.size(); ++image) {
    const auto logits = std::span(side.logits).subspan(image * classes, classes);
    for (std::size_t k = 0; k < classes; ++k) {
      mean[k] = (static_cast<double>(logits[k]) +
                 static_cast<double>(other.logits[image * classes + k])) /
                2;
    }
    losses[image] =
        compute_scaled_entropy(logits, mean) +
        options_.lambda *
            feature_distance(std::span(side.taps).subspan(image * width, width), stats_);
  }
  return losses;
}

bool Eva0::learn(const std::vector<double>& derivatives, Eva0State& next) const {
  const std::size_t parameters = next.offsets.size();
  std::vector<double> gradient(parameters);
  std::vector<float> direction(parameters);
  for (std::size_t image = 0; image < derivatives.size(); ++image) {
    fill_direction(image, direction);
    const double share = derivatives[image] / static_cast<double>(derivatives.size());
    for (std::size_t p = 0; p < parameters; ++p) {
      gradient[p] += share * static_cast<double>(direction[p]);
    }
  }
  double square = 0;
  for (const double value : gradient) {
    square += value * value;
  }
  const double norm = options_.lr * std::sqrt(square);
  const double factor = options_.lr * (norm > options_.max_step ? options_.max_step / norm : 1);
  for (std::size_t p = 0; p < parameters; ++p) {
    next.offsets[p] = static_cast<float>(options_.decay * static_cast<double>(next.offsets[p]) -
                                         factor * gradient[p]);
  }
  const double size = root_mean_square(next.offsets);
  if (size > options_.ball) {
    for (float& offset : next.offsets) {
      offset = static_cast<float>(static_cast<double>(offset) * options_.ball / size);
    }
  }
  ++next.step;
  return all_finite(next.offsets);
}

StepResult Eva0::step(const Batch& batch, Forward& forward) {
  begin(batch, forward);
  const Side plus = run_side(forward, batch.count, 1);
  const Side minus = run_side(forward, batch.count, -1);
  std::vector<float> answer(plus.answer.size());
  for (std::size_t i = 0; i < answer.size(); ++i) {
    answer[i] = (plus.answer[i] + minus.answer[i]) / 2;
  }
  StepResult result = make_result(answer, answer, model_.classes);
  const std::vector<double> above = losses_of(plus, minus);
  const std::vector<double> below = losses_of(minus, plus);
  result.loss = mean_of(above);
  result.loss_perturbed = mean_of(below);
  std::vector<double> derivatives(above.size());
  for (std::size_t i = 0; i < derivatives.size(); ++i) {
    derivatives[i] = (above[i] - below[i]) / (2 * options_.c);
  }
  Eva0State next = state();
  if (all_finite(derivatives) && learn(derivatives, next)) {
    stage(std::move(next), result);
  }
  return result;
}

}  // namespace

void fill_signs(std::uint64_t seed, std::uint64_t step, std::size_t image, std::span<float> out) {
  const Rng rng(mix_seed(seed, image), step, static_cast<std::uint32_t>(RngPurpose::Eva0));
  for (std::size_t i = 0; i < out.size(); i += 32) {
    std::uint32_t bits = rng.bits(i / 32);
    const std::size_t last = std::min(out.size(), i + 32);
    for (std::size_t j = i; j < last; ++j, bits >>= 1) {
      out[j] = (bits & 1) != 0 ? -1.0F : 1.0F;
    }
  }
}

double compute_scaled_entropy(std::span<const float> logits, std::span<const double> mean_logits) {
  const double size = centred_size(logits);
  const double factor = size > 0 ? centred_size(mean_logits) / size : 1;
  std::vector<float> scaled(logits.begin(), logits.end());
  for (float& logit : scaled) {
    logit = static_cast<float>(static_cast<double>(logit) * factor);
  }
  return compute_entropy(scaled, scaled.size());
}

Eva0Options default_eva0_options(const ModelInfo& model) {
  Eva0Options options;
  if (model.family == Family::Cnn) {
    options.c = 0.01;  // zoa's radius for this family
  }
  return options;
}

MethodInfo eva0_info(const Eva0Options& /*options*/, const ModelInfo& model) {
  MethodInfo info;
  info.name = kName;
  info.title = "zeroth-order adaptation of the norms, a direction per image, two passes per batch";
  info.paper = "EVA-0, arXiv 2605.18867 (from its abstract and second-hand summaries)";
  info.most_passes = 2;
  info.slots = {SlotKind::NormGamma, SlotKind::NormBeta};
  info.per_sample = true;
  info.needs_taps = true;
  info.needs_source = true;
  info.uses_batch_statistics = model.has_batch_norm;
  return info;
}

std::unique_ptr<Method> make_eva0(const Eva0Options& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats) {
  check_options(options);
  check_loss(model, stats);
  return std::make_unique<Eva0>(options, seed, find_adapted_slots(model), model, stats);
}

}  // namespace zoa
