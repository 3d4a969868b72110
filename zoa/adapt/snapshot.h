// SPDX-License-Identifier: Apache-2.0
// State files that a product can trust: at every moment of a save, whatever fails or is killed, one
// complete snapshot lies at PATH or at PATH.previous, and loading finds it. One writer at a time.
// The format: docs/reference/state.md.
#pragma once

#include <optional>
#include <string>

#include "zoa/adapt/method_state.h"
#include "zoa/core/file_calls.h"
#include "zoa/core/state_file.h"

namespace zoa {

/// Where the snapshot before the one at `path` is kept: PATH.previous.
std::string previous_path(const std::string& path);

/// True if a file lies under one of the two names: something was saved here.
bool has_snapshot(const std::string& path);

/// Writes the state with its metadata (set_owner) to `path`; a sound snapshot that lies there is
/// kept as the previous one, a damaged one is not: the older previous one stays.
/// Throws  Io with path and reason. What was there before is then still there, under one of the two
///         names; if only the last fsync of the folder failed, the new state is.
void save_snapshot(const std::string& path, const MemoryState& state);

struct LoadedSnapshot {
  MemoryState state;
  std::string note;  ///< not empty: the state is the previous one, and why

  bool is_previous() const { return !note.empty(); }
};

/// The state at `path`, or the previous one if that file is missing, unreadable or damaged.
/// expected  whose state it has to be; without it the caller checks (check_owner)
/// Throws  StateMismatch for a state of a newer schema, another method or another network, without
///         looking at the previous one; the error of the file at `path`, with what is wrong with
///         the previous one, if neither can be loaded (Io, BadFile, LimitExceeded).
LoadedSnapshot load_snapshot(const std::string& path,
                             const std::optional<StateOwner>& expected = std::nullopt);

/// One file as it is, without the previous one.
/// Throws  Io, BadFile, LimitExceeded, StateMismatch (newer schema).
MemoryState load_state_file(const std::string& path);

namespace detail {
void save_snapshot(const std::string& path, const MemoryState& state, FileCalls& calls);
}  // namespace detail

}  // namespace zoa
