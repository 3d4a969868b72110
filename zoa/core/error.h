// SPDX-License-Identifier: Apache-2.0
// The one error type of the library. Everything that a caller can do wrong, or a file can bring,
// ends in zoa::Error with a code and one line of text: where, what was found, what was expected,
// what to do.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace zoa {

enum class ErrorCode {
  InvalidArgument,   ///< a call or an option is wrong
  BadFile,           ///< a file is damaged or not what its name says
  UnsupportedModel,  ///< the file is sound, but zoa does not handle this network
  StateMismatch,     ///< a state or statistics file belongs to another model
  LimitExceeded,     ///< a reader's limit (bytes, pixels, nodes) was passed
  Io,                ///< the operating system refused: missing, unreadable, full disk
  Internal,          ///< a bug of ours
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// Name of a code as records and bindings spell it, e.g. "bad_file".
const char* to_string(ErrorCode code) noexcept;

/// Exit status of the command-line tool for a code:
/// 1 failed, 2 usage, 3 bad file, 4 unsupported model.
int exit_status(ErrorCode code) noexcept;

/// Throws Error with the parts put together:
/// fail(ErrorCode::BadFile, path, ": header says ", n, " bytes").
template <class... Parts>
[[noreturn]] void fail(ErrorCode code, Parts&&... parts) {
  std::ostringstream text;
  (text << ... << std::forward<Parts>(parts));
  throw Error(code, text.str());
}

}  // namespace zoa
