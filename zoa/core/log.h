// SPDX-License-Identifier: Apache-2.0
// Where the library's messages go: to the caller. The library itself never prints.
#pragma once

#include <functional>
#include <string>

namespace zoa {

enum class LogLevel { Debug, Info, Warning, Error };

/// Receives one line without a newline. An empty sink means silence; test it before a costly text.
using LogSink = std::function<void(LogLevel, const std::string&)>;

inline const char* to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Debug: return "debug";
    case LogLevel::Info: return "info";
    case LogLevel::Warning: return "warning";
    case LogLevel::Error: return "error";
  }
  return "error";
}

}  // namespace zoa
