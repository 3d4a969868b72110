// SPDX-License-Identifier: Apache-2.0
// Whole files in and out: reading under a limit, writing so that a crash leaves the old file or the
// new one and nothing between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zoa/core/file_calls.h"

namespace zoa {

using Bytes = std::vector<std::uint8_t>;

/// The content of a file of at most `limit` bytes.
/// Throws  Io if it cannot be read (the text has the path and the reason), LimitExceeded if it is
///         longer; nothing beyond the limit is read or allocated.
Bytes read_file(const std::string& path, std::size_t limit);

/// Replaces the file at `path`: temporary file in the same folder, fsync, rename, fsync of the
/// folder. An existing file keeps its permissions; a symbolic link to a file is replaced, not
/// followed. A device or pipe (/dev/null, /dev/stdout) is written to as it is.
/// Throws  Io with path and reason (read-only, full disk, missing folder); the old file is then
///         untouched and the temporary one removed. If only the last fsync of the folder fails, the
///         new file is in place but may not survive a power cut.
void write_file_atomic(const std::string& path, std::span<const std::uint8_t> bytes);
void write_file_atomic(const std::string& path, std::string_view text);

namespace detail {
Bytes read_whole_file(const std::string& path, std::size_t limit, FileCalls& calls);
/// before_rename  called when the new content is on disk under its temporary name; what it throws
///                ends the write, with the old file in place. Not called for a device or pipe
void write_file_atomic(const std::string& path,
                       std::span<const std::uint8_t> bytes,
                       FileCalls& calls,
                       const std::function<void()>& before_rename = {});

/// A name beside `path` that no other call of this process gets: PATH.tmp-PID-N.
std::string temporary_name(const std::string& path);

/// Removes such names of `path` that killed processes left behind: of processes that are gone, and
/// of an earlier one with this process's id. Failures are left for the next time.
void remove_stale_temporaries(const std::string& path);

/// Throws  Io "cannot <action> <path>: <text of errno>".
[[noreturn]] void fail_io(const char* action, const std::string& path, int error);
}  // namespace detail

}  // namespace zoa
