// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/adapter.h"

#include <algorithm>
#include <utility>

#include "zoa/adapt/contender.h"
#include "zoa/adapt/guarded_method.h"
#include "zoa/adapt/method_state.h"
#include "zoa/adapt/snapshot.h"
#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

OptionValues frame_overrides(const Model& model, const AdapterOptions& options) {
  OptionValues overrides = options.overrides;
  const bool given = std::any_of(overrides.begin(), overrides.end(),
                                 [](const auto& option) { return option.first == "bn"; });
  if (options.method == "zoa" && model.has_batch_norm() && !given) {
    overrides.emplace_back("bn", "blend");
  }
  return overrides;
}

Batch empty_frame(const PreprocessSpec& spec) {
  Batch frame;
  frame.count = 1;
  frame.channels = static_cast<std::size_t>(spec.channels);
  frame.height = static_cast<std::size_t>(spec.height);
  frame.width = static_cast<std::size_t>(spec.width);
  frame.pixels.resize(num_values(spec));
  frame.ids = {0};
  frame.labels = {-1};
  return frame;
}

}  // namespace

struct Adapter::Impl {
  Impl(const Model& of, const AdapterOptions& options)
      : model(of),
        fitted(
            fit_method(of,
                       options.method,
                       frame_overrides(of, options),
                       {static_cast<std::uint64_t>(options.seed), static_cast<int>(options.threads),
                        options.guard, options.cache, options.log})),
        frame(empty_frame(of.preprocess())),
        stream(*fitted.method, *fitted.engine, options.frames) {}

  Model model;
  Fitted fitted;
  Batch frame;
  FrameStream stream;

  StateOwner owner() const { return make_owner(fitted.method->info().name, model); }

  Prediction answer() {
    frame.ids[0] = static_cast<std::int64_t>(stream.counters().frames);
    FrameAnswer answered = stream.push(frame);
    Prediction prediction;
    prediction.frame = stream.counters().frames;
    prediction.entropy = answered.entropy;
    prediction.skip = answered.skip;
    prediction.plain = answered.plain;
    prediction.guard = std::move(answered.guard);
    prediction.learnt = std::move(answered.learnt);
    prediction.logits = std::move(answered.logits);
    if (all_finite(prediction.logits)) {
      const auto largest = std::max_element(prediction.logits.begin(), prediction.logits.end());
      prediction.top1 = static_cast<int>(largest - prediction.logits.begin());
      prediction.confidence = top_probability(prediction.logits, *largest);
    }
    return prediction;
  }
};

Adapter::Adapter(const Model& model, const AdapterOptions& options)
    : impl_(std::make_unique<Impl>(model, options)) {}
Adapter::~Adapter() = default;
Adapter::Adapter(Adapter&&) noexcept = default;
Adapter& Adapter::operator=(Adapter&&) noexcept = default;

Prediction Adapter::push(const Image& picture) {
  preprocess(picture, impl_->model.preprocess(), impl_->frame.pixels);
  return impl_->answer();
}

Prediction Adapter::push(std::span<const float> input) {
  if (input.size() != impl_->frame.pixels.size()) {
    fail(ErrorCode::InvalidArgument, "a preprocessed frame has ", input.size(),
         " values, expected ", impl_->frame.pixels.size(), ": ",
         describe(impl_->model.preprocess()));
  }
  std::copy(input.begin(), input.end(), impl_->frame.pixels.begin());
  return impl_->answer();
}

bool Adapter::step(double milliseconds) {
  return impl_->stream.step(milliseconds);
}

void Adapter::freeze(bool frozen) {
  impl_->stream.freeze(frozen);
}

void Adapter::reset() {
  impl_->stream.reset();
}

const FrameCounters& Adapter::counters() const {
  return impl_->stream.counters();
}

GuardCounters Adapter::guard_counters() const {
  const GuardedMethod* guarded = impl_->fitted.guarded;
  return guarded == nullptr ? GuardCounters{} : guarded->guard().counters();
}

std::size_t Adapter::classes() const {
  return impl_->fitted.engine->info().classes;
}

const std::vector<std::string>& Adapter::labels() const {
  return impl_->model.labels();
}

std::size_t Adapter::bytes() const {
  const MemoryState learnt = save_method(*impl_->fitted.method, impl_->model);
  return impl_->stream.bytes() + learnt.bytes();
}

MemoryState Adapter::save() {
  MemoryState state;
  impl_->stream.save(state);
  set_owner(state, impl_->owner());
  return state;
}

void Adapter::restore(MemoryState state) {
  check_owner(state, impl_->owner(), "state");
  impl_->stream.load(state);
}

void Adapter::save_file(const std::string& path) {
  save_snapshot(path, save());
}

std::string Adapter::restore_file(const std::string& path) {
  LoadedSnapshot loaded = load_snapshot(path, impl_->owner());
  impl_->stream.load(loaded.state);
  return loaded.note;
}

}  // namespace zoa
