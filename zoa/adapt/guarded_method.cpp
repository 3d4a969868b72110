// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guarded_method.h"

#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr char kName[] = "guard";
constexpr char kSnapshot[] = "guard.snapshot";
constexpr char kShipped[] = "guard.shipped";
constexpr std::int64_t kVersion = 1;

double shipped_norm(const ModelInfo& model) {
  double sum = 0;
  for (const SlotInfo& slot : model.slots) {
    if (slot.kind == SlotKind::NormGamma || slot.kind == SlotKind::NormBeta) {
      for (const float value : slot.neutral) {
        sum += static_cast<double>(value) * static_cast<double>(value);
      }
    }
  }
  // A network without such parameters has nothing to bound.
  return sum > 0 ? std::sqrt(sum) : StepLimits::kUnlimited;
}

// Bytes in an array of the state: their number, then eight to an integer.
std::vector<std::int64_t> pack_bytes(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::int64_t> packed(1 + (bytes.size() + 7) / 8);
  packed[0] = static_cast<std::int64_t>(bytes.size());
  if (!bytes.empty()) {
    std::memcpy(packed.data() + 1, bytes.data(), bytes.size());
  }
  return packed;
}

std::vector<std::uint8_t> unpack_bytes(const std::vector<std::int64_t>& packed) {
  const auto count = packed.empty() ? std::int64_t{-1} : packed[0];
  if (count < 0 || static_cast<std::size_t>(count) > 8 * (packed.size() - 1)) {
    fail(ErrorCode::BadFile, "guards: state has a snapshot of ", count, " bytes in ", packed.size(),
         " integers");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), packed.data() + 1, bytes.size());
  }
  return bytes;
}

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

// "hold: one_class, unsure_answer"
std::string describe(const Guard& guard) {
  std::string text = state_name(guard.state());
  for (std::size_t i = 0; i < guard.reasons().size(); ++i) {
    text += (i == 0 ? ": " : ", ") + std::string(reason_name(guard.reasons()[i]));
  }
  return text;
}

std::vector<std::uint8_t> state_bytes(const Method& method) {
  MemoryState state;
  method.save(state);
  return state.to_bytes();
}

MemoryState parse_snapshot(const std::vector<std::uint8_t>& bytes) {
  return MemoryState::from_bytes(bytes, "snapshot of the guards");
}

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
      first_(options, {method_->info().uses_batch_statistics, shipped_norm(model), seed}),
      guard_(first_),
      shipped_(state_bytes(*method_)) {}

std::vector<OptionText> GuardedMethod::options() const {
  std::vector<OptionText> all = method_->options();
  for (OptionText& option : list_options(guard_.options())) {
    option.name = std::string(kName) + "." + option.name;
    all.push_back(std::move(option));
  }
  return all;
}

StepResult GuardedMethod::answer_plain(std::span<const float> logits,
                                       const AnswerFacts& facts) const {
  StepResult result;
  result.logits.assign(logits.begin(), logits.end());
  const double sum = std::accumulate(facts.entropies.begin(), facts.entropies.end(), 0.0);
  result.entropy = facts.count == 0 ? 0 : sum / static_cast<double>(facts.count);
  result.loss = result.entropy;
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
    if (!guard.check_plain(plain_facts).method_answers) {
      return plain;
    }
  }
  method_->set_limits(guard.limits());
  BegunForward begun(forward);
  StepResult result = method_->step(batch, begun);
  const AnswerFacts answers = describe_answers(result.logits, model_.classes);
  const StepVerdict step = guard.check_step({result, answers, asks ? &plain_facts : nullptr});
  action = step.action;
  result.updated = action == StepAction::Accept || action == StepAction::AcceptAndKeep;
  if (step.plain_answers) {
    if (!asks) {
      ask();
    }
    result.logits = plain.logits;
    result.entropy = plain.entropy;
  }
  return result;
}

StepResult GuardedMethod::step(const Batch& batch, Forward& forward) {
  discard();
  check_batch(batch);
  forward.begin(batch);
  Staged next{guard_};
  const WindowVerdict verdict =
      next.guard.check_window(describe_batch(batch, guard_.options().duplicate_distance));
  StepResult result;
  if (verdict.method_answers && batch.count >= method_->info().least_batch) {
    result = run_method(batch, forward, next.guard, next.action);
  } else {
    const std::span<const float> logits = forward.pass_plain();
    result = answer_plain(logits, describe_answers(logits, model_.classes));
  }
  result.guard = describe(next.guard);
  staged_ = std::move(next);
  return result;
}

void GuardedMethod::apply(StepAction action) {
  switch (action) {
    case StepAction::Accept: method_->accept(); return;
    case StepAction::AcceptAndKeep:
      method_->accept();
      good_ = state_bytes(*method_);
      return;
    case StepAction::Discard: method_->discard(); return;
    case StepAction::GoBack: go_back(good_); return;
    case StepAction::GoShipped: go_back(shipped_); return;
  }
}

// A snapshot that does not fit can only come from a file; then the method starts anew.
void GuardedMethod::go_back(const std::vector<std::uint8_t>& snapshot) {
  method_->discard();
  try {
    MemoryState state = parse_snapshot(snapshot);
    method_->load(state);
  } catch (const Error&) {
    method_->reset();
  }
  good_.clear();
}

void GuardedMethod::accept() {
  if (staged_) {
    Staged staged = std::move(*staged_);
    staged_.reset();
    apply(staged.action);
    guard_ = std::move(staged.guard);
  }
}

void GuardedMethod::discard() {
  method_->discard();
  staged_.reset();
}

void GuardedMethod::reset() {
  method_->reset();
  shipped_ = state_bytes(*method_);
  guard_ = first_;
  staged_.reset();
  good_.clear();
}

void GuardedMethod::save(StateWriter& writer) const {
  method_->save(writer);
  save_version(writer, kName, kVersion);
  guard_.save(writer, kName);
  writer.put_i64(kSnapshot, pack_bytes(good_));
  writer.put_i64(kShipped, pack_bytes(shipped_));
}

void GuardedMethod::load(StateReader& reader) {
  Guard guard = first_;
  std::vector<std::uint8_t> good;
  std::vector<std::uint8_t> shipped = shipped_;
  if (reader.has(std::string(kName) + ".version")) {
    check_version(reader, kName, kVersion);
    guard.load(reader, kName);
    good = unpack_bytes(reader.get_i64(kSnapshot));
    shipped = unpack_bytes(reader.get_i64(kShipped));
    parse_snapshot(shipped);
    if (guard.has_snapshot()) {
      parse_snapshot(good);
    }
  }
  method_->load(reader);  // as it was if it throws
  guard_ = std::move(guard);
  good_ = std::move(good);
  shipped_ = std::move(shipped);
  staged_.reset();
}

}  // namespace zoa
