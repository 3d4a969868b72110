// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guarded_method.h"

#include <span>
#include <utility>

#include "zoa/methods/parts.h"

namespace zoa {
namespace {

// A Forward whose batch has begun: the method's begin() would forget the plain pass and run the
// prefix again.
class BegunForward final : public Forward {
 public:
  explicit BegunForward(Forward& begun) : begun_(begun) {}
  const ModelInfo& info() const override { return begun_.info(); }
  void begin(const Batch& /*batch*/) override {}
  const StemStats& stem() const override { return begun_.stem(); }
  PassOutput pass(const SlotValues& values) override { return begun_.pass(values); }
  std::span<const float> pass_plain() override { return begun_.pass_plain(); }
  std::span<const float> run_head(std::span<const float> features) override {
    return begun_.run_head(features);
  }
  std::size_t passes() const override { return begun_.passes(); }
  double cost() const override { return begun_.cost(); }

 private:
  Forward& begun_;
};

}  // namespace

WindowFacts describe_batch(const Batch& batch, double duplicate_distance) {
  WindowCensus census(duplicate_distance);
  const std::size_t size = batch.pixels.size() / batch.count;
  for (std::size_t i = 0; i < batch.count; ++i) {
    census.add(describe_frame(std::span(batch.pixels).subspan(i * size, size), batch.channels,
                              batch.height));
  }
  return census.facts();
}

MethodInfo guarded_info(MethodInfo method) {
  method.needs_plain = true;
  method.most_passes += 1;
  method.least_batch = 1;  // below the method's the plain network answers
  return method;
}

GuardedMethod::GuardedMethod(std::unique_ptr<Method> method,
                             const GuardOptions& options,
                             std::uint64_t seed,
                             const ModelInfo& model)
    : method_(std::move(method)),
      info_(guarded_info(method_->info())),
      model_(model),
      keeper_(*method_, options, seed, model) {}

std::vector<OptionText> GuardedMethod::options() const {
  std::vector<OptionText> all = method_->options();
  const std::vector<OptionText> guards = list_guard_overrides(guard().options());
  all.insert(all.end(), guards.begin(), guards.end());
  return all;
}

StepResult GuardedMethod::answer_plain(std::span<const float> logits,
                                       const AnswerFacts& facts) const {
  StepResult result;
  result.logits.assign(logits.begin(), logits.end());
  result.loss = result.entropy = facts.mean_entropy();
  return result;
}

StepResult GuardedMethod::run_method(const Batch& batch,
                                     Forward& forward,
                                     Guard& guard,
                                     StepAction& action) {
  StepResult plain;
  AnswerFacts plain_facts;
  const bool asks = guard.wants_plain();
  const auto ask = [&] {
    const std::span<const float> logits = forward.pass_plain();
    plain_facts = describe_answers(logits, model_.classes);
    plain = answer_plain(logits, plain_facts);
  };
  if (asks) {
    ask();
  }
  GuardedStep done = keeper_.run(guard, asks ? &plain_facts : nullptr, [&](AnswerFacts& answers) {
    BegunForward begun(forward);
    StepResult result = method_->step(batch, begun);
    answers = describe_answers(result.logits, model_.classes);
    return result;
  });
  action = done.verdict.action;
  if (!done.ran) {
    return plain;
  }
  if (done.verdict.plain_answers) {
    if (!asks) {
      ask();
    }
    done.result.logits = plain.logits;
    done.result.entropy = plain.entropy;
  }
  return std::move(done.result);
}

StepResult GuardedMethod::step(const Batch& batch, Forward& forward) {
  discard();
  check_batch(batch);
  forward.begin(batch);
  Staged next{guard()};
  const WindowVerdict verdict =
      next.guard.check_window(describe_batch(batch, guard().options().duplicate_distance));
  StepResult result;
  if (verdict.method_answers && batch.count >= method_->info().least_batch) {
    result = run_method(batch, forward, next.guard, next.action);
  } else {
    const std::span<const float> logits = forward.pass_plain();
    result = answer_plain(logits, describe_answers(logits, model_.classes));
  }
  result.guard = guard_text(next.guard.state(), next.guard.reasons());
  staged_ = std::move(next);
  return result;
}

FrameMethod* GuardedMethod::frames() {
  FrameMethod* bare = method_->frames();
  if (bare != nullptr && !frames_) {
    frames_ = std::make_unique<GuardedFrames>(keeper_, *bare, model_.classes);
  }
  return frames_.get();
}

void GuardedMethod::accept() {
  if (frames_) {
    frames_->accept();
  }
  if (staged_) {
    Staged staged = std::move(*staged_);
    staged_.reset();
    keeper_.apply(std::move(staged.guard), staged.action);
  }
}

void GuardedMethod::discard() {
  if (frames_) {
    frames_->discard();
  }
  method_->discard();
  staged_.reset();
}

void GuardedMethod::reset() {
  keeper_.reset();
  staged_.reset();
  if (frames_) {
    frames_->reset();
  }
}

void GuardedMethod::save(StateWriter& writer) const {
  keeper_.save(writer);
  if (frames_) {
    frames_->save(writer);
  }
}

void GuardedMethod::load(StateReader& reader) {
  std::optional<GuardedFrames::Window> window;
  if (frames_) {
    window = frames_->read(reader);
  }
  keeper_.load(reader);
  staged_.reset();
  if (frames_) {
    frames_->take(std::move(*window));
  }
}

}  // namespace zoa
