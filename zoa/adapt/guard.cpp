// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr double kRate = 0.2;  // share of a window in the running excess
// What windows of one class show where statistics of the batch are asked about them.
constexpr double kOneClassExcess = 0.24;

// As Guard::save() wrote them; the state is the first, the windows are the second.
std::vector<std::int64_t> get_numbers(const StateReader& reader, const std::string& prefix) {
  std::vector<std::int64_t> numbers = reader.get_i64(prefix + ".numbers");
  if (numbers.size() != 7 || numbers[0] > static_cast<std::int64_t>(GuardState::Fallback) ||
      std::any_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n < 0; })) {
    fail(ErrorCode::BadFile, "guards: state has numbers that cannot be");
  }
  return numbers;
}

}  // namespace

Guard::Guard(const GuardOptions& options, const GuardSetting& setting)
    : options_(options),
      setting_(setting),
      state_(!is_guarding(options)  ? GuardState::Off
             : options.evidence > 0 ? GuardState::WarmUp
                                    : GuardState::Adapting),
      evidence_(
          {options.evidence, static_cast<std::size_t>(options.evidence_images), setting.seed}) {
  check_options(options);
}

void Guard::give(GuardReason reason) {
  reasons_.push_back(reason);
  counters_.add(reason);
}

void Guard::hold(GuardReason reason) {
  give(reason);
  learn_ = false;
}

// Whether the window falls into the time after the breaker.
bool Guard::is_resting() {
  if (state_ != GuardState::Fallback) {
    return false;
  }
  if (options_.rest == 0 || windows_ - fallback_since_ <= options_.rest) {
    return true;
  }
  rollbacks_.clear();
  state_ = GuardState::Hold;
  return false;
}

void Guard::check_images(const WindowFacts& window) {
  if (options_.finite && window.non_finite > 0) {
    hold(GuardReason::NonFiniteInput);
    method_answers_ = false;
    return;
  }
  const auto least = static_cast<std::size_t>(options_.least_images);
  const bool is_repetitive = least > 0 && 2 * window.duplicates > window.count;
  const bool is_constant = least > 0 && 2 * window.constant > window.count;
  if (window.distinct >= least && !is_repetitive && !is_constant) {
    return;
  }
  if (window.count < least) {
    hold(GuardReason::SmallWindow);
  } else {
    hold(window.constant > window.duplicates ? GuardReason::ConstantFrames
                                             : GuardReason::NearDuplicates);
  }
  method_answers_ = !setting_.batch_statistics;
}

WindowVerdict Guard::check_window(const WindowFacts& window) {
  reasons_.clear();
  learn_ = method_answers_ = true;
  ++windows_;
  if (is_resting()) {
    learn_ = method_answers_ = false;
    return {false, false};
  }
  check_images(window);
  if (!learn_) {
    state_ = state_ == GuardState::Off ? state_ : GuardState::Hold;
  }
  return {method_answers_, learn_};
}

bool Guard::wants_plain() const {
  if (!method_answers_) {
    return false;  // it answers anyway
  }
  if (options_.evidence > 0) {
    return true;
  }
  const bool is_due = options_.probe > 0 && (bad_ > 0 || state_ != GuardState::Adapting ||
                                             windows_ % options_.probe == 0);
  return is_due || (options_.probe > 0 && setting_.batch_statistics);
}

WindowVerdict Guard::check_plain(const AnswerFacts& plain) {
  if (options_.evidence > 0) {
    const bool was_ready = evidence_.is_ready();
    for (const double entropy : plain.entropies) {
      evidence_.add(entropy);
    }
    if (!was_ready || !evidence_.is_raised()) {
      hold(was_ready ? GuardReason::NoEvidence : GuardReason::WarmingUp);
      method_answers_ = false;
      state_ = was_ready ? GuardState::Hold : GuardState::WarmUp;
      return {false, false};
    }
  }
  if (plain.spread < options_.least_spread) {
    hold(GuardReason::OneClass);
    if (setting_.batch_statistics) {
      observe_excess(kOneClassExcess);
      method_answers_ = false;
    }
    state_ = GuardState::Hold;
  }
  return {method_answers_, learn_};
}

StepLimits Guard::limits() const {
  StepLimits limits;
  if (options_.clip > 0) {
    limits.difference = differences_.limit(options_.clip);
  }
  if (options_.step_share > 0) {
    limits.step_norm = options_.step_share * setting_.shipped_norm;
  }
  if (options_.offset_share > 0) {
    limits.offset_norm = options_.offset_share * setting_.shipped_norm;
  }
  return limits;
}

// Gives the new running value.
double Guard::observe_excess(double excess) {
  const double running = (1 - kRate) * excess_.value_or(excess) + kRate * excess;
  excess_ = running;
  return running;
}

// Statistics of a batch of few classes wash out what tells the classes apart: the answers become
// unsure. How sure they may be expected to be falls with the spread of the plain answers, which a
// hard shift narrows too. A single window cannot tell a hard shift from few classes, the latest
// ones can: in a calm stream more is allowed. Other methods are judged by the plain answers only.
bool Guard::is_unsure(const AnswerFacts& plain, const AnswerFacts& answers) {
  const double above_plain = answers.entropy - plain.entropy;
  if (!setting_.batch_statistics) {
    return above_plain > options_.answer_margin;
  }
  const double excess = answers.entropy - options_.entropy_slope * plain.spread;
  const bool is_calm = observe_excess(excess) < options_.calm;
  return excess > (is_calm ? options_.calm_base : options_.entropy_base) ||
         above_plain > (is_calm ? options_.calm_margin : options_.entropy_margin);
}

void Guard::compare(const StepFacts& step, StepVerdict& verdict) {
  const AnswerFacts& plain = *step.plain;
  if (is_unsure(plain, step.answers)) {
    verdict.plain_answers = true;
    if (setting_.batch_statistics) {
      hold(GuardReason::UnsureAnswer);
    } else {
      give(GuardReason::UnsureAnswer);  // e.g. an old shift, which learning brings up to date
    }
  }
  const bool is_collapsed = step.answers.spread < options_.collapse * plain.spread;
  if (is_collapsed) {
    verdict.plain_answers = true;
    hold(GuardReason::Collapse);
  }
  // A window of one class makes statistics of the batch unsure, whatever the parameters are.
  const bool is_blamed = is_collapsed || plain.spread >= options_.least_spread;
  bad_ = !verdict.plain_answers ? 0 : is_blamed ? bad_ + 1 : bad_;
}

void Guard::check_bounds(const StepResult& result) {
  if (!result.loss_perturbed) {
    return;
  }
  const double difference = *result.loss_perturbed - result.loss;
  if (options_.clip > 0 && !result.bounds && std::abs(difference) > limits().difference) {
    hold(GuardReason::ClippedDifference);  // a method that cannot clip it learns nothing
  }
  if (options_.clip > 0) {
    differences_.add(difference);
  }
  if (!result.bounds) {
    return;
  }
  if (result.bounds->difference) {
    give(GuardReason::ClippedDifference);
  }
  if (result.bounds->step) {
    give(GuardReason::BoundedStep);
  }
  if (result.bounds->offset) {
    give(GuardReason::BoundedOffset);
  }
}

StepVerdict Guard::check_step(const StepFacts& step) {
  StepVerdict verdict;
  if (options_.finite && !std::isfinite(step.result.loss)) {
    hold(GuardReason::NonFiniteLoss);
    verdict.plain_answers = true;
  } else if (options_.finite && !step.answers.finite) {
    hold(GuardReason::NonFiniteAnswer);
    verdict.plain_answers = true;
  } else if (step.plain != nullptr && options_.probe > 0) {
    compare(step, verdict);
  } else if (step.answers.spread < options_.least_spread) {
    hold(GuardReason::OneClass);
  }
  if (learn_) {
    check_bounds(step.result);
  }
  verdict.action = finish(step.result);
  return verdict;
}

StepAction Guard::go_back() {
  bad_ = good_ = 0;
  rollbacks_.push_back(windows_);
  std::erase_if(rollbacks_, [&](std::int64_t window) {
    return window + options_.rollback_horizon <= windows_;
  });
  const bool is_broken = options_.most_rollbacks > 0 &&
                         rollbacks_.size() >= static_cast<std::size_t>(options_.most_rollbacks);
  state_ = GuardState::Hold;
  if (has_snapshot_ && !is_broken) {
    has_snapshot_ = false;  // if it does not help, the next stop is the shipped network
    give(GuardReason::Rollback);
    return StepAction::GoBack;
  }
  give(GuardReason::BackToShipped);
  if (is_broken) {
    give(GuardReason::Breaker);
    state_ = GuardState::Fallback;
    fallback_since_ = windows_;
  }
  updates_ = 0;
  has_snapshot_ = false;
  return StepAction::GoShipped;
}

StepAction Guard::finish(const StepResult& result) {
  // Statistics of the batch are unsure under some shifts, whatever was learnt: more patience.
  const std::int64_t patience = options_.patience * (setting_.batch_statistics ? 8 : 1);
  if (patience > 0 && bad_ >= patience && updates_ > 0) {
    return go_back();
  }
  if (!learn_ || !result.updated) {
    state_ = state_ == GuardState::Off ? state_ : GuardState::Hold;
    return StepAction::Discard;
  }
  ++updates_;
  if (options_.reset_every > 0 && updates_ >= options_.reset_every) {
    give(GuardReason::PeriodicReset);
    updates_ = good_ = 0;
    has_snapshot_ = false;
    return StepAction::GoShipped;
  }
  state_ = state_ == GuardState::Off ? state_ : GuardState::Adapting;
  good_ = bad_ > 0 ? 0 : good_ + 1;
  if (options_.snapshot_every > 0 && good_ >= options_.snapshot_every) {
    good_ = 0;
    has_snapshot_ = true;
    return StepAction::AcceptAndKeep;
  }
  return StepAction::Accept;
}

void Guard::save(StateWriter& writer, const std::string& prefix) const {
  const std::array<std::int64_t, 7> numbers{static_cast<std::int64_t>(state_),
                                            windows_,
                                            updates_,
                                            good_,
                                            bad_,
                                            has_snapshot_ ? 1 : 0,
                                            fallback_since_};
  writer.put_i64(prefix + ".numbers", numbers);
  writer.put_i64(prefix + ".counters", counters_.values());
  writer.put_i64(prefix + ".rollbacks", rollbacks_);
  const std::vector<double> excess(excess_ ? 1 : 0, excess_.value_or(0));
  writer.put_f64(prefix + ".excess", excess);
  differences_.save(writer, prefix + ".differences");
  evidence_.save(writer, prefix + ".evidence");
}

void Guard::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<std::int64_t> numbers = get_numbers(reader, prefix);
  const std::vector<double> excess = reader.get_f64(prefix + ".excess");
  if (excess.size() > 1 || (excess.size() == 1 && !std::isfinite(excess[0]))) {
    fail(ErrorCode::BadFile, "guards: state has a running entropy that is none");
  }
  excess_ = excess.empty() ? std::optional<double>() : std::optional<double>(excess[0]);
  counters_.assign(reader.get_i64(prefix + ".counters"));
  rollbacks_ = reader.get_i64(prefix + ".rollbacks");
  differences_.load(reader, prefix + ".differences");
  evidence_.load(reader, prefix + ".evidence");
  // Guards that are off now stay off, whatever the state was saved with.
  state_ = state_ == GuardState::Off ? state_ : static_cast<GuardState>(numbers[0]);
  windows_ = numbers[1];
  updates_ = numbers[2];
  good_ = numbers[3];
  bad_ = numbers[4];
  has_snapshot_ = numbers[5] != 0;
  fallback_since_ = numbers[6];
}

std::optional<SavedGuard> read_saved_guard(const StateReader& reader) {
  const std::string prefix = kGuardPrefix;
  if (!reader.has(prefix + ".numbers")) {
    return std::nullopt;
  }
  const std::vector<std::int64_t> numbers = get_numbers(reader, prefix);
  SavedGuard saved{static_cast<GuardState>(numbers[0]), numbers[1], {}};
  saved.counters.assign(reader.get_i64(prefix + ".counters"));
  return saved;
}

}  // namespace zoa
