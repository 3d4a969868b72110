// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <unistd.h>

#include "zoa/core/error.h"

namespace zoa::cli {

LineFile::LineFile(const std::string& path) : path_(path) {
  if (!path.empty()) {
    check_writable(path);
  }
}

// Opened by the first line: what is wrong with a run before that costs no older file.
void LineFile::write(const std::string& line) {
  if (path_.empty()) {
    return;
  }
  errno = 0;
  if (!out_.is_open()) {
    out_.open(path_, std::ios::binary | std::ios::trunc);
  }
  out_ << line << '\n' << std::flush;
  if (!out_) {
    fail(ErrorCode::Io, path_, ": cannot be written: ", std::strerror(errno),
         "; what is there is valid up to the last whole line");
  }
}

void print_warning(const std::string& text) {
  std::cerr << "zoa: warning: " << text << "\n" << std::flush;
}

LogSink warning_sink() {
  return drop_repeats([](LogLevel, const std::string& text) { print_warning(text); });
}

void check_writable(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::absolute(path, error).parent_path();
  if (fs::is_directory(path, error)) {
    fail(ErrorCode::Io, path, ": is a folder; expected the name of a file");
  }
  if (!fs::is_directory(folder, error)) {
    fail(ErrorCode::Io, path, ": no folder ", folder.string());
  }
  if (access(folder.c_str(), W_OK) != 0 ||
      (fs::exists(path, error) && access(path.c_str(), W_OK) != 0)) {
    fail(ErrorCode::Io, path, ": cannot be written: ", std::strerror(errno));
  }
}

void check_not_input(const std::string& output, const std::vector<std::string>& inputs) {
  std::error_code error;
  for (const std::string& input : inputs) {
    if (std::filesystem::equivalent(output, input, error)) {
      fail(ErrorCode::InvalidArgument, output,
           ": is read and would be written; expected another name");
    }
  }
}

}  // namespace zoa::cli
