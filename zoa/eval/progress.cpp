// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/progress.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace zoa {
namespace {

constexpr double kTerminalSeconds = 0.1;
constexpr int kLeastBar = 8;
constexpr int kMostBar = 30;

double seconds_between(Progress::Clock::time_point from, Progress::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, seconds) + 0.5);
  char text[64];
  if (whole < 60) {
    std::snprintf(text, sizeof(text), "%ld s", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof(text), "%ld min %02ld s", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof(text), "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
  }
  return text;
}

std::string progress_text(
    const std::string& label, std::size_t done, std::size_t total, double elapsed, int columns) {
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  char numbers[128];
  std::snprintf(numbers, sizeof(numbers), "%zu/%zu %3.0f%%", done, total, share * 100);
  std::string tail = numbers;
  if (rate > 0 && done < total) {
    std::snprintf(numbers, sizeof(numbers), "  %.*f/s  ", rate < 10 ? 1 : 0, rate);
    tail += numbers + duration_text(static_cast<double>(total - done) / rate) + " left";
  }
  const int room = columns - 1 - static_cast<int>(label.size() + tail.size()) - 4;
  if (columns <= 0 || room < kLeastBar) {
    return label + "  " + tail;
  }
  const auto width = static_cast<std::size_t>(std::min(room, kMostBar));
  const auto full = std::min(width, static_cast<std::size_t>(share * static_cast<double>(width)));
  return label + " [" + std::string(full, '=') + std::string(width - full, ' ') + "] " + tail;
}

Progress::Progress(std::ostream& out, const ProgressStyle& style) : out_(out), style_(style) {}

Progress::~Progress() {
  finish();
}

void Progress::show(const std::string& label, std::size_t done, std::size_t total) {
  if (style_.quiet) {
    return;
  }
  const Clock::time_point now = Clock::now();
  if (!started_ || done == 0) {
    last_ = style_.terminal ? now - std::chrono::hours(1) : now;
    start_ = now;
    started_ = true;
  }
  const double pause = style_.terminal ? kTerminalSeconds : style_.seconds;
  if (seconds_between(last_, now) < pause && (!style_.terminal || done < total)) {
    return;
  }
  last_ = now;
  const double elapsed = seconds_between(start_, now);
  if (style_.terminal) {
    std::string line = progress_text(label, done, total, elapsed, style_.columns);
    line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(1, style_.columns - 1))));
    out_ << '\r' << line << "\x1b[K" << std::flush;
    drawn_ = true;
  } else {
    out_ << progress_text(label, done, total, elapsed, 0) << "\n" << std::flush;
  }
}

void Progress::print(const std::string& line) {
  if (style_.quiet) {
    return;
  }
  finish();
  out_ << line << "\n" << std::flush;
}

void Progress::finish() {
  if (drawn_) {
    out_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }
}

}  // namespace zoa
