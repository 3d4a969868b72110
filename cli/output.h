// SPDX-License-Identifier: Apache-2.0
// A text file written line by line, each line on disk before the next one: what was written stays
// valid when the program ends early.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "zoa/core/log.h"

namespace zoa::cli {

class LineFile {
 public:
  /// path "" = nothing is written. Throws  Io with the reason.
  explicit LineFile(const std::string& path);
  /// Throws  Io, e.g. for a full disk.
  void write(const std::string& line);

 private:
  std::string path_;
  std::ofstream out_;
};

/// "zoa: warning: TEXT", a line on standard error.
void print_warning(const std::string& text);

/// Prints what the library has to say as warnings, each once.
LogSink warning_sink();

/// Throws  Io if a file could not be made in the folder of `path`, before the work that fills it.
void check_writable(const std::string& path);

/// Throws  InvalidArgument if `output` is one of the files that are read.
void check_not_input(const std::string& output, const std::vector<std::string>& inputs);

}  // namespace zoa::cli
