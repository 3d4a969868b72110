// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/engine.h"

#include <chrono>
#include <list>

#include <openvino/core/version.hpp>

#include "zoa/core/clock.h"
#include "zoa/core/error.h"
#include "zoa/core/threads.h"
#include "zoa/engine/compiled_cache_ov.h"
#include "zoa/engine/cost_ov.h"
#include "zoa/engine/image_moments.h"
#include "zoa/engine/isa.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/head_ov.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa {

namespace {

using Clock = std::chrono::steady_clock;

// A stream has its batch size and the smaller last batch of a domain: two plans serve both.
constexpr std::size_t kMostPlans = 2;

ModelInfo describe_model(const Model& model, const Instrumented& instrumented) {
  ModelInfo info = model.info();
  info.slots = instrumented.slots;
  info.taps = instrumented.taps;  // none where they were not asked for
  if (info.taps.empty()) {
    info.tap_width = 0;
  }
  info.sites = instrumented.sites;
  for (const SiteInfo& site : info.sites) {
    info.site_width += site.channels;
  }
  return info;
}

// Multiplications of the parts of a network for one image.
struct Work {
  double prefix = 0;
  double suffix = 0;
  double head = 0;

  double suffix_share() const { return suffix / (prefix + suffix); }
};

// instrumented  is taken apart
Work measure_work(const Instrumented& instrumented, const ov::Model* head) {
  const Cut cut = cut_model(instrumented.model);
  Work work;
  work.prefix = count_multiplications(*cut.prefix);
  work.suffix = cut.suffix == nullptr ? 0.0 : count_multiplications(*cut.suffix);
  work.head = head == nullptr ? 0.0 : count_multiplications(*head);
  return work;
}

// Whether the network as shipped is another one than that of the options with neutral slots: with
// batch statistics or prompts it always is, and the affine of a BatchNorm as a slot runs after the
// convolution. On AVX2 the integer kernels of a transformer give the same bits (docs/design/
// slots-and-split.md); elsewhere that was not seen, so a second network answers.
bool needs_own_plain(const ModelInfo& info, const EngineOptions& options) {
  const bool has_slots = !info.slots.empty();
  return options.batch_statistics || options.prompts > 0 ||
         (has_slots && (info.family == Family::Cnn || info.activation_bits > 8 ||
                        info.weight_bits > 8 || running_isa() != "avx2"));
}

EngineOptions plain_options(const EngineOptions& options) {
  EngineOptions plain;
  plain.threads = options.threads;
  return plain;
}

}  // namespace

struct Engine::Impl {
  Model model;
  EngineOptions options;
  int threads;
  CompiledCache cache;
  ModelInfo info;
  std::list<Plan> plans;        // the latest used first
  std::list<Plan> plain_plans;  // of the network as shipped, where it is another one
  bool own_plain = false;
  StemStats stem;
  std::size_t stem_positions = 1;
  std::size_t passes = 0;
  std::size_t plain_passes = 0;  // of those, by the network as shipped
  double cost = 0;
  EngineTimes times;
  Work work;
  // Of the latest pass, all sites side by side.
  std::vector<float> site_mean;
  std::vector<float> site_variance;
  std::vector<float> site_covariance;
  std::vector<float> site_spread;

  Impl(const Model& m, const EngineOptions& o)
      : model(m), options(o), threads(threads_or_available(o.threads)), cache(o.cache, o.log) {
    const auto start = Clock::now();
    const Instrumented instrumented =
        instrument_model(model.graph(), options, 1, Purpose::Describe);
    info = describe_model(model, instrumented);
    stem_positions = stem_shape(model.graph().structure.stem).positions;
    std::shared_ptr<ov::Model> head;
    if (options.head) {
      info.head_weight = head_weights(model.graph().structure);
      head = head_model(model.graph(), options, 1);
    }
    work = measure_work(instrumented, head.get());
    own_plain = options.plain && needs_own_plain(info, options);
    times.rewrite = milliseconds_since(start);
  }

  // Where the time of the pass that runs now belongs.
  double& pass_time() { return passes == 0 ? times.first : times.later; }

  Plan& plan_for(std::list<Plan>& made, const EngineOptions& wanted, std::size_t batch) {
    for (auto it = made.begin(); it != made.end(); ++it) {
      if (it->batch() == batch) {
        made.splice(made.begin(), made, it);
        return made.front();
      }
    }
    while (made.size() >= kMostPlans) {
      made.pop_back();
    }
    const auto start = Clock::now();
    const PartCompiler compiler{cache, compile_settings(threads)};
    Plan& plan = made.emplace_front(model.graph(), wanted, batch, compiler);
    times.rewrite += plan.rewrite_ms();
    times.compile += milliseconds_since(start) - plan.rewrite_ms();
    return plan;
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

  void gather_sites(Plan& plan) {
    site_mean.clear();
    site_variance.clear();
    site_covariance.clear();
    site_spread.clear();
    const auto append = [&](std::vector<float>& row, const std::string& name) {
      const auto values = plan.output(name);
      row.insert(row.end(), values.begin(), values.end());
    };
    for (std::size_t i = 0; i < info.sites.size(); ++i) {
      const std::string number = std::to_string(i);
      const SiteInfo& site = info.sites[i];
      if (site.spread || !site.variance) {
        ImageMoments moments =
            pool_images(plan.output(kSiteMeanOutput + number),
                        plan.output(kSiteVarianceOutput + number), site.channels);
        if (!site.variance) {
          moments.variance.assign(site.channels, 0.0F);
        }
        site_mean.insert(site_mean.end(), moments.mean.begin(), moments.mean.end());
        site_variance.insert(site_variance.end(), moments.variance.begin(), moments.variance.end());
        site_spread.insert(site_spread.end(), moments.spread.begin(), moments.spread.end());
        continue;
      }
      append(site_mean, kSiteMeanOutput + number);
      append(site_variance, kSiteVarianceOutput + number);
      append(site_covariance, kSiteCovarianceOutput + number);
      site_spread.resize(site_mean.size(), 0.0F);
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
  return impl_->cost;
}
const EngineTimes& Engine::times() const {
  return impl_->times;
}

std::span<const float> Engine::run_head(std::span<const float> features) {
  if (!impl_->options.head || impl_->plans.empty()) {
    fail(ErrorCode::InvalidArgument, "run_head() needs an engine made with the head, and begin()");
  }
  Plan& plan = impl_->plans.front();
  const ModelInfo& info = impl_->info;
  const std::size_t expected = plan.batch() * info.head_weight.size() / info.classes;
  if (features.size() != expected) {
    fail(ErrorCode::InvalidArgument, "head: ", features.size(), " features; expected ", expected);
  }
  impl_->cost += impl_->work.head / (impl_->work.prefix + impl_->work.suffix);
  const auto start = Clock::now();
  const auto logits = plan.run_head(features);
  impl_->times.later += milliseconds_since(start);
  return logits;
}

int Engine::threads() const {
  return impl_->threads;
}

void Engine::begin(const Batch& batch) {
  impl_->check(batch);
  try {
    if (impl_->own_plain) {
      impl_->plan_for(impl_->plain_plans, plain_options(impl_->options), batch.count)
          .set_input(batch);
    }
    Plan& plan = impl_->plan_for(impl_->plans, impl_->options, batch.count);
    plan.set_input(batch);
    const auto start = Clock::now();
    plan.run_prefix();
    impl_->times.prefix = milliseconds_since(start);
    impl_->measure_stem(plan);
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, impl_->model.name(), ": ", runtime_text(error));
  }
  impl_->passes = 0;
  impl_->plain_passes = 0;
  impl_->cost = 0;
  impl_->times.first = 0;
  impl_->times.later = 0;
}

std::span<const float> Engine::pass_plain() {
  if (!impl_->options.plain || impl_->plans.empty()) {
    fail(ErrorCode::InvalidArgument,
         "pass_plain() needs an engine made with the plain network, and begin()");
  }
  if (!impl_->own_plain) {
    return pass({}).logits;
  }
  Plan& plan = impl_->plain_plans.front();
  const auto start = Clock::now();
  plan.run_prefix();  // all of it: without slots there is no suffix
  impl_->pass_time() += milliseconds_since(start);
  impl_->cost += 1.0;
  ++impl_->plain_passes;
  ++impl_->passes;
  return plan.output(kLogitsOutput);
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
  const auto start = Clock::now();
  plan.run_suffix(impl_->info.slots, values);
  impl_->pass_time() += milliseconds_since(start);
  impl_->cost += impl_->passes == impl_->plain_passes ? 1.0 : impl_->work.suffix_share();
  ++impl_->passes;
  impl_->gather_sites(plan);
  PassOutput output;
  output.logits = plan.output(kLogitsOutput);
  output.answer = plan.output(kAnswerOutput);
  if (output.answer.empty()) {
    output.answer = output.logits;
  }
  output.taps = plan.output(kTapsOutput);
  output.site_mean = impl_->site_mean;
  output.site_variance = impl_->site_variance;
  output.site_covariance = impl_->site_covariance;
  output.site_spread = impl_->site_spread;
  return output;
}

double Engine::prefix_share() const {
  return 1.0 - impl_->work.suffix_share();
}

std::string runtime_version() {
  const ov::Version version = ov::get_openvino_version();
  return std::string("OpenVINO ") + version.buildNumber;
}

}  // namespace zoa
