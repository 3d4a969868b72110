// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/contender.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "zoa/adapt/guarded_method.h"
#include "zoa/core/clock.h"
#include "zoa/core/error.h"

namespace zoa {
namespace {

bool asks_for(const MethodInfo& method, SlotKind kind) {
  return std::find(method.slots.begin(), method.slots.end(), kind) != method.slots.end();
}

}  // namespace

bool is_guard_override(const std::string& name) {
  return name.starts_with(kGuardOverride);
}

GuardedOverrides split_overrides(const OptionValues& overrides, const std::string& preset) {
  GuardedOverrides split{{}, guard_options(preset)};
  for (const auto& [name, value] : overrides) {
    if (is_guard_override(name)) {
      set_option(split.guard, name.substr(kGuardOverride.size()), value);
    } else {
      split.method.emplace_back(name, value);
    }
  }
  return split;
}

MethodInfo find_method(const std::string& name) {
  return method_needs(name, {}, {});
}

EngineOptions engine_options(const MethodInfo& method, bool has_batch_norm, int threads) {
  EngineOptions options;
  options.batch_statistics = method.uses_batch_statistics && has_batch_norm;
  options.norm_slots =
      asks_for(method, SlotKind::NormGamma) || asks_for(method, SlotKind::NormBeta);
  options.norm_statistics = asks_for(method, SlotKind::NormMean);
  options.norm_mix = asks_for(method, SlotKind::NormMix);
  options.adapt = method.norms;
  options.per_sample_slots = method.per_sample;
  options.prompts = asks_for(method, SlotKind::Prompt) ? method.prompts : 0;
  options.input_filter = asks_for(method, SlotKind::InputFilter);
  options.sites = method.sites;
  options.shift_slot = asks_for(method, SlotKind::FeatureShift);
  options.taps = method.needs_taps;
  options.stem = method.needs_stem;
  options.head = method.needs_head;
  options.plain = method.needs_plain;
  options.threads = threads;
  return options;
}

Fitted fit_method(const Model& model,
                  const std::string& method,
                  const OptionValues& overrides,
                  const ContenderOptions& options) {
  const GuardedOverrides split = split_overrides(overrides, options.guard);
  const bool guards = is_guarding(split.guard) && method != "noadapt";
  MethodInfo needs = method_needs(method, split.method, model.info());
  if (guards) {
    needs = guarded_info(std::move(needs));
  }
  const bool batch_statistics = needs.uses_batch_statistics;
  if (needs.needs_source && model.stats(batch_statistics).samples == 0) {
    fail(ErrorCode::StateMismatch, model.name(), ": no source statistics, which method '", method,
         "' needs; make them with 'zoa quantize' (--bits keep for a network that is quantized)");
  }
  Fitted fitted;
  EngineOptions wanted = engine_options(needs, model.has_batch_norm(), options.threads);
  wanted.cache = options.cache;
  wanted.log = options.log;
  fitted.engine = std::make_unique<Engine>(model, wanted);
  const ModelInfo& info = fitted.engine->info();
  fitted.method =
      make_method(method, split.method, options.seed, info, model.stats(batch_statistics, info));
  if (guards) {
    auto guarded =
        std::make_unique<GuardedMethod>(std::move(fitted.method), split.guard, options.seed, info);
    fitted.guarded = guarded.get();
    fitted.method = std::move(guarded);
  }
  return fitted;
}

Contender::Contender(const Model& model,
                     const std::string& method,
                     const OptionValues& overrides,
                     const ContenderOptions& options)
    : name_(method), fitted_(fit_method(model, method, overrides, options)) {}

TimedStep Contender::run(const Batch& batch) {
  if (compiled_.insert(batch.count).second) {
    fitted_.engine->begin(batch);
  }
  TimedStep timed;
  const auto start = std::chrono::steady_clock::now();
  Method& method = *fitted_.method;
  timed.result = method.step(batch, *fitted_.engine);
  if (batch.count >= method.info().least_batch) {
    method.accept();
  } else {
    method.discard();
    timed.result.updated = false;
  }
  timed.ms = milliseconds_since(start);
  timed.passes = engine().passes();
  timed.pass_equivalents = engine().cost();
  timed.times = engine().times();
  return timed;
}

}  // namespace zoa
