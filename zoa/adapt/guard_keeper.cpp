// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_keeper.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

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

MemoryState parse_snapshot(const std::vector<std::uint8_t>& bytes) {
  return MemoryState::from_bytes(bytes, "snapshot of the guards");
}

}  // namespace

std::vector<std::uint8_t> state_bytes(const Method& method) {
  MemoryState state;
  method.save(state);
  return state.to_bytes();
}

void put_snapshot(StateWriter& writer,
                  const std::string& name,
                  const std::vector<std::uint8_t>& snapshot) {
  writer.put_i64(name, pack_bytes(snapshot));
}

std::vector<std::uint8_t> get_snapshot(const StateReader& reader, const std::string& name) {
  std::vector<std::uint8_t> snapshot = unpack_bytes(reader.get_i64(name));
  if (!snapshot.empty()) {
    parse_snapshot(snapshot);
  }
  return snapshot;
}

GuardKeeper::GuardKeeper(Method& method,
                         const GuardOptions& options,
                         std::uint64_t seed,
                         const ModelInfo& model)
    : method_(&method),
      first_(options, {method.info().uses_batch_statistics, shipped_norm(model), seed}),
      guard_(first_),
      shipped_(state_bytes(method)) {}

void GuardKeeper::depend_on_neighbours() {
  GuardSetting setting = first_.setting();
  setting.batch_statistics = true;
  first_ = Guard(first_.options(), setting);
  guard_ = first_;
}

GuardedStep GuardKeeper::run(Guard& guard,
                             const AnswerFacts* plain,
                             const std::function<StepResult(AnswerFacts&)>& step) const {
  GuardedStep done;
  if (plain != nullptr && !guard.check_plain(*plain).method_answers) {
    return done;
  }
  method_->set_limits(guard.limits());
  AnswerFacts answers;
  done.ran = true;
  done.result = step(answers);
  done.verdict = guard.check_step({done.result, answers, plain});
  done.result.updated =
      done.verdict.action == StepAction::Accept || done.verdict.action == StepAction::AcceptAndKeep;
  return done;
}

void GuardKeeper::apply(Guard next, StepAction action) {
  switch (action) {
    case StepAction::Accept: method_->accept(); break;
    case StepAction::AcceptAndKeep:
      method_->accept();
      good_ = state_bytes(*method_);
      break;
    case StepAction::Discard: method_->discard(); break;
    case StepAction::GoBack:
      go_back(good_);
      good_.clear();
      break;
    case StepAction::GoShipped:
      go_back(shipped_);
      good_.clear();
      break;
  }
  guard_ = std::move(next);
}

void GuardKeeper::go_back(const std::vector<std::uint8_t>& state) {
  method_->discard();
  try {
    MemoryState parsed = parse_snapshot(state);
    method_->load(parsed);
  } catch (const Error&) {
    method_->reset();
  }
}

void GuardKeeper::reset() {
  method_->reset();
  shipped_ = state_bytes(*method_);
  guard_ = first_;
  good_.clear();
}

void GuardKeeper::save(StateWriter& writer) const {
  method_->save(writer);
  save_version(writer, kGuardPrefix, kVersion);
  guard_.save(writer, kGuardPrefix);
  put_snapshot(writer, kSnapshot, good_);
  put_snapshot(writer, kShipped, shipped_);
}

void GuardKeeper::load(StateReader& reader) {
  Guard guard = first_;
  std::vector<std::uint8_t> good;
  std::vector<std::uint8_t> shipped = shipped_;
  if (reader.has(std::string(kGuardPrefix) + ".version")) {
    check_version(reader, kGuardPrefix, kVersion);
    guard.load(reader, kGuardPrefix);
    good = get_snapshot(reader, kSnapshot);
    shipped = get_snapshot(reader, kShipped);
    if (shipped.empty() || good.empty() == guard.has_snapshot()) {
      fail(ErrorCode::BadFile, "guards: state lacks a snapshot to go back to");
    }
  }
  method_->load(reader);  // as it was if it throws
  guard_ = std::move(guard);
  good_ = std::move(good);
  shipped_ = std::move(shipped);
}

}  // namespace zoa
