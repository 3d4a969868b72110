// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/engine.h"

#include <list>

#include <openvino/core/version.hpp>

#include "zoa/core/error.h"
#include "zoa/core/threads.h"
#include "zoa/engine/cost_ov.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa {

namespace {

// A stream has its batch size and the smaller last batch of a domain: two plans serve both.
constexpr std::size_t kMostPlans = 2;

ModelInfo describe_model(const Model& model, const Instrumented& instrumented) {
  ModelInfo info;
  info.name = model.name();
  info.family = model.family();
  info.classes = model.classes();
  info.slots = instrumented.slots;
  info.taps = instrumented.taps;
  for (const TapInfo& tap : info.taps) {
    info.tap_width += tap.width;
  }
  info.stem_channels = stem_shape(model.graph().structure.stem).channels;
  info.has_batch_norm = model.has_batch_norm();
  info.weight_bits = model.quantization().weight_bits;
  info.activation_bits = model.quantization().activation_bits;
  return info;
}

}  // namespace

struct Engine::Impl {
  Model model;
  EngineOptions options;
  int threads;
  ModelInfo info;
  std::list<Plan> plans;  // the latest used first
  StemStats stem;
  std::size_t stem_positions = 1;
  std::size_t passes = 0;

  Impl(const Model& m, const EngineOptions& o)
      : model(m), options(o), threads(threads_or_available(o.threads)) {
    info = describe_model(model, instrument_model(model.graph(), options, 1));
    stem_positions = stem_shape(model.graph().structure.stem).positions;
  }

  Plan& plan_for(std::size_t batch) {
    for (auto it = plans.begin(); it != plans.end(); ++it) {
      if (it->batch() == batch) {
        plans.splice(plans.begin(), plans, it);
        return plans.front();
      }
    }
    while (plans.size() >= kMostPlans) {
      plans.pop_back();
    }
    plans.emplace_front(model.graph(), options, batch, threads);
    return plans.front();
  }

  void check(const Batch& batch) const {
    const PreprocessSpec& spec = model.preprocess();
    if (batch.count < 1 || batch.count > kMostBatch) {
      fail(ErrorCode::InvalidArgument, "batch of ", batch.count, " images; expected 1 to ",
           kMostBatch);
    }
    const std::size_t expected = batch.count * num_values(spec);
    if (batch.pixels.size() != expected ||
        batch.channels != static_cast<std::size_t>(spec.channels) ||
        batch.height != static_cast<std::size_t>(spec.height) ||
        batch.width != static_cast<std::size_t>(spec.width)) {
      fail(ErrorCode::InvalidArgument, "batch of ", batch.count, "x", batch.channels, "x",
           batch.height, "x", batch.width, " (", batch.pixels.size(), " values); expected ",
           describe(spec));
    }
  }

  // Over batch and positions, from each image's mean and variance over positions.
  void measure_stem(Plan& plan) {
    const auto mean = plan.output(kStemMeanOutput);
    const auto variance = plan.output(kStemVarOutput);
    const std::size_t channels = info.stem_channels;
    const std::size_t count = plan.batch();
    stem.count = count;
    stem.values = count * stem_positions;
    stem.mean.assign(channels, 0.0);
    stem.variance.assign(channels, 0.0);
    if (mean.empty()) {
      return;
    }
    for (std::size_t i = 0; i < count * channels; ++i) {
      stem.mean[i % channels] += static_cast<double>(mean[i]) / static_cast<double>(count);
    }
    for (std::size_t i = 0; i < count * channels; ++i) {
      const double offset = static_cast<double>(mean[i]) - stem.mean[i % channels];
      stem.variance[i % channels] +=
          (static_cast<double>(variance[i]) + offset * offset) / static_cast<double>(count);
    }
  }
};

Engine::Engine(const Model& model, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(model, options)) {}
Engine::~Engine() = default;

const ModelInfo& Engine::info() const {
  return impl_->info;
}
const StemStats& Engine::stem() const {
  return impl_->stem;
}
std::size_t Engine::passes() const {
  return impl_->passes;
}
double Engine::cost() const {
  return static_cast<double>(impl_->passes);
}
std::span<const float> Engine::run_head(std::span<const float> /*features*/) {
  fail(ErrorCode::InvalidArgument, "the engine was made without the head");
}
int Engine::threads() const {
  return impl_->threads;
}

void Engine::begin(const Batch& batch) {
  impl_->check(batch);
  try {
    Plan& plan = impl_->plan_for(batch.count);
    plan.run_prefix(batch);
    impl_->measure_stem(plan);
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, impl_->model.name(), ": ", runtime_text(error));
  }
  impl_->passes = 0;
}

PassOutput Engine::pass(const SlotValues& values) {
  if (impl_->plans.empty()) {
    fail(ErrorCode::InvalidArgument, "pass() before begin()");
  }
  if (!values.empty() && values.size() != impl_->info.slots.size()) {
    fail(ErrorCode::InvalidArgument, values.size(), " slot values; the network has ",
         impl_->info.slots.size(), " slots");
  }
  Plan& plan = impl_->plans.front();
  plan.run_suffix(impl_->info.slots, values);
  ++impl_->passes;
  PassOutput output;
  output.logits = plan.output(kLogitsOutput);
  output.answer = plan.output(kAnswerOutput);
  if (output.answer.empty()) {
    output.answer = output.logits;
  }
  output.taps = plan.output(kTapsOutput);
  return output;
}

double Engine::prefix_share() const {
  const Cut cut = cut_model(instrument_model(impl_->model.graph(), impl_->options, 1).model);
  const double prefix = count_multiplications(*cut.prefix);
  const double suffix = cut.suffix == nullptr ? 0.0 : count_multiplications(*cut.suffix);
  return prefix / (prefix + suffix);
}

std::string runtime_version() {
  const ov::Version version = ov::get_openvino_version();
  return std::string("OpenVINO ") + version.buildNumber;
}

}  // namespace zoa
