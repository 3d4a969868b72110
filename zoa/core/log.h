// SPDX-License-Identifier: Apache-2.0
// Where the library's messages go: to the caller. The library itself never prints.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

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

/// A sink that passes each text on once, for messages of things that are made several times.
inline LogSink drop_repeats(LogSink sink) {
  if (!sink) {
    return sink;
  }
  return [sink = std::move(sink), seen = std::make_shared<std::set<std::string>>()](
             LogLevel level, const std::string& text) {
    if (seen->insert(text).second) {
      sink(level, text);
    }
  };
}

}  // namespace zoa
