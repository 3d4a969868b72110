// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/snapshot.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "zoa/core/error.h"
#include "zoa/core/file.h"

namespace zoa {
namespace {

using detail::FileCalls;

constexpr std::size_t kMostStateBytes = std::size_t{1} << 30U;

MemoryState load_one(const std::string& path, FileCalls& calls) {
  return MemoryState::from_bytes(detail::read_whole_file(path, kMostStateBytes, calls), path);
}

// A file of a newer schema is no damage: a newer zoa can read it.
bool is_sound(const std::string& path, FileCalls& calls) {
  try {
    load_one(path, calls);
  } catch (const Error& error) {
    return error.code() == ErrorCode::StateMismatch;
  }
  return true;
}

bool has_no_links(int error) {
  constexpr std::array kErrors = {EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

// The state at `path` gets the previous name as a second one, so that it never lacks its own. Where
// the file system has no second names (FAT) it is renamed; loading then finds the previous one.
void keep_as_previous(const std::string& path, FileCalls& calls) {
  const std::string previous = previous_path(path);
  const std::string second = detail::temporary_name(path);
  if (calls.link(path, second) != 0) {
    if (!has_no_links(errno) || calls.rename(path, previous) != 0) {
      detail::fail_io("keep the previous snapshot of", path, errno);
    }
    return;
  }
  const int renamed = calls.rename(second, previous);
  const int error = errno;
  // Renaming a file over another name of the same file succeeds and does nothing.
  calls.unlink(second);
  if (renamed != 0) {
    detail::fail_io("keep the previous snapshot of", path, error);
  }
}

LoadedSnapshot load_previous(const std::string& path,
                             const std::optional<StateOwner>& expected,
                             const Error& why) {
  const std::string previous = previous_path(path);
  std::error_code ignored;
  if (!std::filesystem::exists(previous, ignored)) {
    fail(why.code(), why.what(), "; there is no previous snapshot ", previous);
  }
  try {
    LoadedSnapshot loaded{load_state_file(previous), {}};
    if (expected) {
      check_owner(loaded.state, *expected, previous);
    }
    loaded.note = std::string(why.what()) + "; the previous snapshot " + previous + " is used";
    return loaded;
  } catch (const Error& error) {
    fail(why.code(), why.what(), "; nor can the previous snapshot be used: ", error.what());
  }
}

}  // namespace

std::string previous_path(const std::string& path) {
  return path + ".previous";
}

bool has_snapshot(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ||
         std::filesystem::exists(previous_path(path), ignored);
}

void detail::save_snapshot(const std::string& path, const MemoryState& state, FileCalls& calls) {
  remove_stale_temporaries(path);
  write_file_atomic(path, state.to_bytes(), calls, [&] {
    if (is_sound(path, calls)) {
      keep_as_previous(path, calls);
    }
  });
}

void save_snapshot(const std::string& path, const MemoryState& state) {
  FileCalls calls;
  detail::save_snapshot(path, state, calls);
}

MemoryState load_state_file(const std::string& path) {
  FileCalls calls;
  return load_one(path, calls);
}

LoadedSnapshot load_snapshot(const std::string& path, const std::optional<StateOwner>& expected) {
  LoadedSnapshot loaded;
  try {
    loaded.state = load_state_file(path);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::StateMismatch) {
      throw;
    }
    return load_previous(path, expected, error);
  }
  if (expected) {
    check_owner(loaded.state, *expected, path);
  }
  return loaded;
}

}  // namespace zoa
