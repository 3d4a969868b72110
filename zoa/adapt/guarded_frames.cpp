// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guarded_frames.h"

#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr char kName[] = "guard.frames";
constexpr char kStart[] = "guard.frames.start";
constexpr std::int64_t kVersion = 1;

std::string part(const char* name) {
  return std::string(kName) + "." + name;
}

}  // namespace

GuardedFrames::GuardedFrames(GuardKeeper& keeper, FrameMethod& method, std::size_t classes)
    : keeper_(&keeper), method_(&method), classes_(classes), window_(empty_window()) {
  if (method.observes_frames()) {
    keeper.depend_on_neighbours();
  }
  plan_ = plan_window();
}

GuardedFrames::Window GuardedFrames::empty_window() const {
  return {keeper_->guard().options().duplicate_distance, classes_};
}

// Statistics of the batch are those of one image here, whatever the window is.
WindowFacts GuardedFrames::usual_window() const {
  const bool is_alone = keeper_->method().info().uses_batch_statistics;
  WindowFacts facts;
  facts.count = facts.distinct =
      is_alone ? 1 : static_cast<std::size_t>(keeper_->guard().options().least_images);
  return facts;
}

// What the guards would say about an ordinary window now.
FramePlan GuardedFrames::plan_window() const {
  Guard trial = keeper_->guard();
  if (!trial.check_window(usual_window()).method_answers) {
    return {true, false, false};
  }
  if (trial.awaits_evidence()) {
    return {true, false, true};
  }
  return {window_.plain_answers, true, trial.wants_plain()};
}

void GuardedFrames::note(GuardReason reason) {
  keeper_->note(reason);
  reasons_.push_back(reason);
}

FramePlan GuardedFrames::plan_frame(bool is_finite) {
  reasons_.clear();
  if (keeper_->guard().options().finite && !is_finite) {
    note(GuardReason::NonFiniteInput);
    return {true, false, false};
  }
  return plan_;
}

bool GuardedFrames::replaces_answer() {
  if (!keeper_->guard().options().finite) {
    return false;
  }
  note(GuardReason::NonFiniteAnswer);
  return true;
}

bool GuardedFrames::admit_frame(const Batch& frame) {
  const bool counts = plan_.method || plan_.probe;
  if (counts && keeper_->guard().options().least_images > 0) {
    FrameFacts facts = describe_frame(frame.pixels, frame.channels, frame.height);
    const FrameKind kind = window_.census.classify(facts);
    if (kind == FrameKind::Constant || kind == FrameKind::Duplicate) {
      note(kind == FrameKind::Constant ? GuardReason::ConstantFrames : GuardReason::NearDuplicates);
      return false;
    }
    window_.census.add(std::move(facts));
  }
  if (plan_.method && method_->observes_frames() && window_.start.empty()) {
    window_.start = state_bytes(keeper_->method());
  }
  return true;
}

void GuardedFrames::observe_frame(const PassOutput& answered) {
  method_->observe_frame(answered);
  window_.answers.add(answered.answer);
}

void GuardedFrames::observe_plain(std::span<const float> logits) {
  window_.plain.add(logits);
}

// An answer of the plain network is a hold, though an unsure window may still teach.
std::string GuardedFrames::guard_text(bool has_ended) const {
  const GuardState state = keeper_->guard().state();
  std::vector<GuardReason> reasons =
      has_ended ? keeper_->guard().reasons() : std::vector<GuardReason>{};
  reasons.insert(reasons.end(), reasons_.begin(), reasons_.end());
  const bool is_hold = plan_.plain && state == GuardState::Adapting;
  return zoa::guard_text(is_hold ? GuardState::Hold : state, reasons);
}

std::size_t GuardedFrames::frame_bytes() const {
  return window_.census.bytes() + window_.start.size() +
         window_.plain.facts().entropies.size() * 2 * sizeof(double);
}

GuardedStep GuardedFrames::judge(const WindowSums& sums, Guard& guard) {
  const AnswerFacts plain = window_.plain.facts();
  guard.check_window(plan_.method ? window_.census.facts() : usual_window());
  if (plan_.method) {
    return keeper_->run(guard, plan_.probe ? &plain : nullptr, [&](AnswerFacts& answers) {
      answers = window_.answers.facts();
      return method_->learn(sums);
    });
  }
  if (plan_.probe) {
    guard.check_plain(plain);
  }
  GuardedStep none;
  none.result.loss = none.result.entropy = plain.mean_entropy();
  return none;
}

StepResult GuardedFrames::learn(const WindowSums& sums) {
  Staged next{keeper_->guard(), StepAction::Discard, {}};
  GuardedStep done = judge(sums, next.guard);
  next.action = done.verdict.action;
  next.start = std::move(window_.start);
  done.result.guard = zoa::guard_text(next.guard.state(), next.guard.reasons());
  window_ = empty_window();
  window_.plain_answers = plan_.method && done.verdict.plain_answers;
  staged_ = std::move(next);
  return std::move(done.result);
}

void GuardedFrames::accept() {
  if (!staged_) {
    return;
  }
  Staged staged = std::move(*staged_);
  staged_.reset();
  keeper_->apply(std::move(staged.guard), staged.action);
  if (staged.action == StepAction::Discard && !staged.start.empty()) {
    keeper_->go_back(staged.start);  // a batch that is discarded leaves no trace either
  }
  plan_ = plan_window();
}

void GuardedFrames::reset() {
  staged_.reset();
  reasons_.clear();
  take(empty_window());
}

void GuardedFrames::save(StateWriter& writer) const {
  save_version(writer, kName, kVersion);
  writer.put_i64(part("plain_answers"), std::vector<std::int64_t>{window_.plain_answers ? 1 : 0});
  window_.census.save(writer, part("census"));
  window_.plain.save(writer, part("plain"));
  window_.answers.save(writer, part("answers"));
  put_snapshot(writer, kStart, window_.start);
}

GuardedFrames::Window GuardedFrames::read(const StateReader& reader) const {
  Window window = empty_window();
  if (!reader.has(part("version"))) {
    return window;
  }
  check_version(reader, kName, kVersion);
  const std::vector<std::int64_t> plain = reader.get_i64(part("plain_answers"));
  if (plain.size() != 1) {
    fail(ErrorCode::BadFile, "guards: state does not say whose answers count");
  }
  window.plain_answers = plain[0] != 0;
  window.census.load(reader, part("census"));
  window.plain.load(reader, part("plain"));
  window.answers.load(reader, part("answers"));
  window.start = get_snapshot(reader, kStart);
  return window;
}

void GuardedFrames::take(Window window) {
  window_ = std::move(window);
  staged_.reset();
  plan_ = plan_window();
}

}  // namespace zoa
