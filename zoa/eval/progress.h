// SPDX-License-Identifier: Apache-2.0
// Progress for people: a bar with rate and time left on a terminal, a plain line every few seconds
// elsewhere (logs, pipes). Writes to the stream it is given, usually standard error.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace zoa {

struct ProgressStyle {
  bool terminal = false;  ///< the line is redrawn in place
  bool quiet = false;     ///< nothing at all
  int columns = 80;       ///< width of the terminal
  double seconds = 5;     ///< between plain lines; a terminal gets ten per second
};

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// out must outlive the object.
  Progress(std::ostream& out, const ProgressStyle& style);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// label  what is being done. The clock of rate and time left starts where done is 0.
  void show(const std::string& label, std::size_t done, std::size_t total);
  /// A line above the bar.
  void print(const std::string& line);
  /// Removes the bar.
  void finish();

 private:
  std::ostream& out_;
  ProgressStyle style_;
  Clock::time_point start_;
  Clock::time_point last_;
  bool started_ = false;
  bool drawn_ = false;
};

/// "12 s", "3 min 20 s", "2 h 05 min".
std::string duration_text(double seconds);

/// One line of progress. elapsed in seconds; columns 0 = plain, without a bar
std::string progress_text(
    const std::string& label, std::size_t done, std::size_t total, double elapsed, int columns);

}  // namespace zoa
