// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share. A target is one LLVMFuzzerTestOneInput that hands the bytes to one
// of zoa's readers: libFuzzer calls it with what it makes up (preset fuzz), replay.cpp with the
// corpus (every build). A reader may refuse its input with the errors that its header names;
// anything else ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "zoa/core/error.h"
#include "zoa/core/test_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace zoa::fuzz {

using Input = std::span<const std::uint8_t>;

/// Ends the process, with a text on the standard error output.
[[noreturn]] void report(const std::string& finding);

/// Reports a promise that was not kept.
inline void require(bool kept, const char* promise) {
  if (!kept) {
    report(promise);
  }
}

/// Calls a reader. True: it read; false: it threw an Error of an allowed code. All else is
/// reported.
template <class Call>
bool reads(const Call& call, std::initializer_list<ErrorCode> allowed) {
  try {
    call();
    return true;
  } catch (const Error& error) {
    for (const ErrorCode code : allowed) {
      if (error.code() == code) {
        return false;
      }
    }
    report(std::string("undocumented error ") + to_string(error.code()) + ": " + error.what());
  } catch (const std::exception& error) {
    report(std::string("exception that is no zoa::Error: ") + error.what());
  }
}

/// A file in memory, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(Input bytes);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();
  const std::string& path() const { return path_; }

 private:
  int file_ = -1;
  std::string path_;
};

/// A folder on disk whose files lie in memory, for readers that look for names in a folder.
class MemoryFolder {
 public:
  MemoryFolder() = default;
  const std::string& path() const { return folder_.path(); }
  /// Until the next call for the name; the file must live that long.
  void link(const std::string& name, const MemoryFile& file) const;

 private:
  TestFolder folder_;
};

/// Several files in one input: two bytes (little-endian) say how long the first one is.
struct TwoParts {
  Input first;
  Input second;
};
TwoParts split(Input input);

inline std::string text_of(Input input) {
  return {input.begin(), input.end()};
}

}  // namespace zoa::fuzz
