// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/frame_stream.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "zoa/core/clock.h"
#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::int64_t kVersion = 2;
constexpr char kPrefix[] = "frames";
constexpr char kCounters[] = "frames.counters";
constexpr double kMemoryOfTimes = 0.1;  // share of the last frame in the expected time

FrameMethod& frame_method(Method& method) {
  FrameMethod* frames = method.frames();
  if (frames == nullptr) {
    fail(ErrorCode::UnsupportedModel, "method '", method.info().name,
         "' learns from whole batches only; for single frames take 'zoa' or 'noadapt'");
  }
  return *frames;
}

std::string pass_name(std::size_t index) {
  return std::string(kPrefix) + ".pass" + std::to_string(index);
}

std::vector<std::uint64_t*> fields(FrameCounters& counters) {
  std::vector<std::uint64_t*> all;
  counters.visit([&](const char* /*name*/, std::uint64_t& counter) { all.push_back(&counter); });
  return all;
}

}  // namespace

const char* to_string(FrameSkip skip) noexcept {
  switch (skip) {
    case FrameSkip::None: return "none";
    case FrameSkip::Late: return "late";
    case FrameSkip::NotFinite: return "not_finite";
    case FrameSkip::Frozen: return "frozen";
    case FrameSkip::Guarded: return "guarded";
  }
  return "unknown";
}

std::optional<FrameCounters> read_frame_counters(const StateReader& reader) {
  if (!reader.has(kCounters)) {
    return std::nullopt;
  }
  FrameCounters counters;
  const auto targets = fields(counters);
  const std::vector<std::int64_t> numbers = reader.get_i64(kCounters);
  if (numbers.size() != 3 + targets.size() || numbers[0] != kVersion) {
    fail(ErrorCode::StateMismatch, "state was not saved by this version of frame streams");
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    *targets[i] = std::bit_cast<std::uint64_t>(numbers[3 + i]);
  }
  return counters;
}

FrameStream::FrameStream(Method& method, Forward& forward, const FrameOptions& options)
    : method_(&method), frames_(&frame_method(method)), forward_(&forward), options_(options) {
  check_options(options_);
  clear_window();
}

FrameAnswer FrameStream::push(const Batch& frame) {
  if (frame.count != 1) {
    fail(ErrorCode::InvalidArgument, "a frame is one image, found ", frame.count);
  }
  const Clock::time_point start = Clock::now();
  std::for_each(waiting_.begin(), waiting_.end(), [](Waiting& item) { item.in_engine = false; });
  const bool is_finite = all_finite(frame.pixels);
  const FramePlan plan = frames_->plan_frame(is_finite);
  FrameAnswer given;
  const PassOutput output = answer(frame, plan, given);
  given.skip = admit(frame, is_finite ? given.skip : FrameSkip::NotFinite);
  if (given.skip == FrameSkip::None) {
    enter(plan, output, given);
  }
  count(given);
  run_waiting(start, options_.budget_ms);
  if (!waiting_.empty() && waiting_.back().in_engine) {
    waiting_.back().frame = frame;
    ++counters_.waited;
  }
  given.learnt = std::exchange(learnt_, std::nullopt);
  given.guard = frames_->guard_text(given.learnt.has_value());
  return given;
}

// The first pass, and another one where its answer is none. The output is gone then.
PassOutput FrameStream::answer(const Batch& frame, const FramePlan& plan, FrameAnswer& answer) {
  forward_->begin(frame);
  PassOutput output;
  if (!plan.plain) {
    output = forward_->pass(frames_->frame_values(0));
    answer.logits.assign(output.answer.begin(), output.answer.end());
    answer.entropy = compute_entropy(output.logits, output.logits.size());
  }
  const bool is_answer = all_finite(output.answer) && all_finite(output.logits);
  if (!is_answer || !all_finite(output.taps)) {
    answer.skip = FrameSkip::NotFinite;
  }
  if (plan.plain || (!is_answer && frames_->replaces_answer())) {
    const std::span<const float> logits = forward_->pass_plain();
    answer.logits.assign(logits.begin(), logits.end());
    answer.entropy = compute_entropy(logits, logits.size());
    answer.plain = true;
  }
  return output;
}

FrameSkip FrameStream::admit(const Batch& frame, FrameSkip found) {
  if (frozen_) {
    return FrameSkip::Frozen;
  }
  if (found != FrameSkip::None) {
    return found;
  }
  if (admitted_ == static_cast<std::size_t>(options_.window) ||
      waiting_.size() == static_cast<std::size_t>(options_.pending)) {
    return FrameSkip::Late;
  }
  return frames_->admit_frame(frame) ? FrameSkip::None : FrameSkip::Guarded;
}

// Takes the frame into the window.
void FrameStream::enter(const FramePlan& plan, const PassOutput& output, FrameAnswer& answer) {
  ++admitted_;
  if (answer.plain) {
    frames_->observe_plain(answer.logits);
  }
  if (!plan.method) {
    answer.skip = FrameSkip::Guarded;
    ++done_;
    end_if_full();
    return;
  }
  window_.stem.add(forward_->stem());
  if (!plan.plain) {
    window_.passes[0].add(output);
    frames_->observe_frame(output);
  }
  waiting_.push_back({{}, true, plan});
}

void FrameStream::count(const FrameAnswer& answer) {
  ++counters_.frames;
  counters_.late += answer.skip == FrameSkip::Late ? 1 : 0;
  counters_.not_finite += answer.skip == FrameSkip::NotFinite ? 1 : 0;
  counters_.frozen += answer.skip == FrameSkip::Frozen ? 1 : 0;
  counters_.guarded += answer.skip == FrameSkip::Guarded ? 1 : 0;
  counters_.plain += answer.plain ? 1 : 0;
}

bool FrameStream::step(double milliseconds) {
  run_waiting(Clock::now(), milliseconds);
  return waiting_.empty();
}

// A pass is not started that would probably end too late.
void FrameStream::run_waiting(Clock::time_point start, double milliseconds) {
  while (!waiting_.empty()) {
    const Clock::time_point begin = Clock::now();
    if (milliseconds >= 0 && milliseconds_since(start) + expected_ms_ >= milliseconds) {
      return;
    }
    run_further_passes(waiting_.front());
    waiting_.pop_front();
    const double took = milliseconds_since(begin);
    expected_ms_ = expected_ms_ == 0 ? took : expected_ms_ + kMemoryOfTimes * (took - expected_ms_);
    ++done_;
    end_if_full();
  }
}

void FrameStream::run_further_passes(Waiting& item) {
  if (!item.in_engine) {
    forward_->begin(item.frame);
    std::for_each(waiting_.begin(), waiting_.end(),
                  [](Waiting& other) { other.in_engine = false; });
  }
  if (item.plan.plain) {
    const PassOutput output = forward_->pass(frames_->frame_values(0));
    window_.passes[0].add(output);
    frames_->observe_frame(output);
  } else if (item.plan.probe) {
    frames_->observe_plain(forward_->pass_plain());
  }
  for (std::size_t pass = 1; pass < window_.passes.size(); ++pass) {
    window_.passes[pass].add(forward_->pass(frames_->frame_values(pass)));
  }
}

void FrameStream::end_if_full() {
  if (done_ == static_cast<std::size_t>(options_.window)) {
    end_window();
  }
}

void FrameStream::end_window() {
  learnt_ = frames_->learn(window_);
  method_->accept();
  ++counters_.windows;
  counters_.updates += learnt_->updated ? 1 : 0;
  clear_window();
}

WindowSums FrameStream::empty_window() const {
  const ModelInfo& model = forward_->info();
  const std::size_t width = method_->info().needs_taps ? model.tap_width : 0;
  WindowSums window;
  window.passes.assign(frames_->frame_passes(), PassSums(model.classes, width));
  return window;
}

void FrameStream::clear_window() {
  window_ = empty_window();
  admitted_ = done_ = 0;
}

void FrameStream::reset() {
  method_->reset();
  waiting_.clear();
  clear_window();
}

std::size_t FrameStream::bytes() const {
  const std::size_t width = method_->info().needs_taps ? forward_->info().tap_width : 0;
  std::size_t frames = 0;
  for (const Waiting& item : waiting_) {
    frames += item.frame.pixels.size() * sizeof(float);
  }
  return window_.passes.size() * 2 * width * sizeof(double) +
         2 * forward_->info().stem_channels * sizeof(double) + frames + frames_->frame_bytes();
}

void FrameStream::save(StateWriter& writer) {
  step(-1);
  method_->save(writer);
  std::vector<std::int64_t> numbers = {kVersion, options_.window,
                                       static_cast<std::int64_t>(admitted_)};
  for (const std::uint64_t* field : fields(counters_)) {
    numbers.push_back(std::bit_cast<std::int64_t>(*field));
  }
  writer.put_i64(kCounters, numbers);
  for (std::size_t i = 0; i < window_.passes.size(); ++i) {
    window_.passes[i].save(writer, pass_name(i));
  }
  window_.stem.save(writer, std::string(kPrefix) + ".stem");
}

// Window and counters; those of a state that knows no frames (of 'zoa eval', 'zoa state reset') are
// as at the start.
FrameStream::SavedWindow FrameStream::read_window(const StateReader& reader) const {
  SavedWindow saved{empty_window(), 0, {}};
  const std::optional<FrameCounters> counters = read_frame_counters(reader);
  if (!counters) {
    return saved;
  }
  saved.counters = *counters;
  const std::vector<std::int64_t> numbers = reader.get_i64(kCounters);
  if (numbers[1] != options_.window) {
    fail(ErrorCode::StateMismatch, "state was saved with a window of ", numbers[1],
         " frames, this stream has ", options_.window);
  }
  WindowSums& window = saved.sums;
  for (std::size_t i = 0; i < window.passes.size(); ++i) {
    window.passes[i].load(reader, pass_name(i));
  }
  window.stem.load(reader, std::string(kPrefix) + ".stem");
  // Frames that no pass of the method saw leave no sums (methods/frame_method.h: FramePlan).
  saved.frames = static_cast<std::size_t>(numbers[2]);
  if (numbers[2] < 0 || numbers[2] >= options_.window ||
      (window.count() != saved.frames && window.count() != 0)) {
    fail(ErrorCode::BadFile, "state has ", window.count(), " frames in its window, its counter ",
         numbers[2]);
  }
  return saved;
}

void FrameStream::load(StateReader& reader) {
  SavedWindow saved = read_window(reader);
  method_->load(reader);  // as it was if it throws
  waiting_.clear();
  window_ = std::move(saved.sums);
  admitted_ = frames_->has_passes() ? window_.count() : saved.frames;
  done_ = admitted_;
  counters_ = saved.counters;
}

}  // namespace zoa
