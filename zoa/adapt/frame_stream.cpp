// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/frame_stream.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr char kPrefix[] = "frames";
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
  }
  return "unknown";
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
  forward_->begin(frame);
  const PassOutput output = forward_->pass(frames_->frame_values(0));
  FrameAnswer answer;
  answer.logits.assign(output.answer.begin(), output.answer.end());
  answer.entropy = compute_entropy(output.logits, output.logits.size());
  answer.skip = admit(frame, output);
  count(answer.skip);
  if (answer.skip == FrameSkip::None) {
    ++admitted_;
    window_.stem.add(forward_->stem());
    window_.passes[0].add(output);
    frames_->observe_frame(output);
    waiting_.push_back({{}, true});
  }
  run_waiting(start, options_.budget_ms);
  if (!waiting_.empty() && waiting_.back().in_engine) {
    waiting_.back().frame = frame;
    ++counters_.waited;
  }
  answer.learnt = std::exchange(learnt_, std::nullopt);
  return answer;
}

FrameSkip FrameStream::admit(const Batch& frame, const PassOutput& output) const {
  if (frozen_) {
    return FrameSkip::Frozen;
  }
  if (!all_finite(frame.pixels) || !all_finite(output.logits) || !all_finite(output.taps)) {
    return FrameSkip::NotFinite;
  }
  const bool full = admitted_ == static_cast<std::size_t>(options_.window);
  return full || waiting_.size() == static_cast<std::size_t>(options_.pending) ? FrameSkip::Late
                                                                               : FrameSkip::None;
}

void FrameStream::count(FrameSkip skip) {
  ++counters_.frames;
  counters_.late += skip == FrameSkip::Late ? 1 : 0;
  counters_.not_finite += skip == FrameSkip::NotFinite ? 1 : 0;
  counters_.frozen += skip == FrameSkip::Frozen ? 1 : 0;
}

bool FrameStream::step(double milliseconds) {
  run_waiting(Clock::now(), milliseconds);
  return waiting_.empty();
}

// A pass is not started that would probably end too late.
void FrameStream::run_waiting(Clock::time_point start, double milliseconds) {
  const auto since = [](Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
  };
  while (!waiting_.empty()) {
    const Clock::time_point begin = Clock::now();
    if (milliseconds >= 0 && since(start) + expected_ms_ >= milliseconds) {
      return;
    }
    run_further_passes(waiting_.front());
    waiting_.pop_front();
    const double took = since(begin);
    expected_ms_ = expected_ms_ == 0 ? took : expected_ms_ + kMemoryOfTimes * (took - expected_ms_);
    if (window_.count() == static_cast<std::size_t>(options_.window)) {
      end_window();
    }
  }
}

void FrameStream::run_further_passes(Waiting& item) {
  if (!item.in_engine) {
    forward_->begin(item.frame);
    std::for_each(waiting_.begin(), waiting_.end(),
                  [](Waiting& other) { other.in_engine = false; });
  }
  for (std::size_t pass = 1; pass < window_.passes.size(); ++pass) {
    window_.passes[pass].add(forward_->pass(frames_->frame_values(pass)));
  }
}

void FrameStream::end_window() {
  learnt_ = frames_->learn(window_);
  ++counters_.windows;
  if (learnt_->updated) {
    method_->accept();
    ++counters_.updates;
  }
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
  admitted_ = 0;
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
         2 * forward_->info().stem_channels * sizeof(double) + frames;
}

void FrameStream::save(StateWriter& writer) {
  step(-1);
  method_->save(writer);
  std::vector<std::int64_t> numbers = {kVersion, options_.window,
                                       static_cast<std::int64_t>(admitted_)};
  for (const std::uint64_t* field : fields(counters_)) {
    numbers.push_back(std::bit_cast<std::int64_t>(*field));
  }
  writer.put_i64(std::string(kPrefix) + ".counters", numbers);
  for (std::size_t i = 0; i < window_.passes.size(); ++i) {
    window_.passes[i].save(writer, pass_name(i));
  }
  window_.stem.save(writer, std::string(kPrefix) + ".stem");
}

// Window and counters; those of a state that knows no frames (of 'zoa eval', 'zoa state reset') are
// as at the start.
WindowSums FrameStream::read_window(const StateReader& reader, FrameCounters& counters) const {
  WindowSums window = empty_window();
  const std::string name = std::string(kPrefix) + ".counters";
  if (!reader.has(name)) {
    return window;
  }
  const auto targets = fields(counters);
  const std::vector<std::int64_t> numbers = reader.get_i64(name);
  if (numbers.size() != 3 + targets.size() || numbers[0] != kVersion) {
    fail(ErrorCode::StateMismatch, "state was not saved by this version of frame streams");
  }
  if (numbers[1] != options_.window) {
    fail(ErrorCode::StateMismatch, "state was saved with a window of ", numbers[1],
         " frames, this stream has ", options_.window);
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    *targets[i] = std::bit_cast<std::uint64_t>(numbers[3 + i]);
  }
  for (std::size_t i = 0; i < window.passes.size(); ++i) {
    window.passes[i].load(reader, pass_name(i));
  }
  window.stem.load(reader, std::string(kPrefix) + ".stem");
  if (numbers[2] < 0 || numbers[2] >= options_.window ||
      window.count() != static_cast<std::size_t>(numbers[2])) {
    fail(ErrorCode::BadFile, "state has ", window.count(), " frames in its window, its counter ",
         numbers[2]);
  }
  return window;
}

void FrameStream::load(StateReader& reader) {
  FrameCounters counters;
  WindowSums window = read_window(reader, counters);
  method_->load(reader);  // as it was if it throws
  waiting_.clear();
  admitted_ = window.count();
  window_ = std::move(window);
  counters_ = counters;
}

}  // namespace zoa
