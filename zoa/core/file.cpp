// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoa/core/error.h"

namespace zoa {
namespace detail {

int FileCalls::open(const std::string& path, int flags, mode_t mode) {
  return ::open(path.c_str(), flags, mode);
}
int FileCalls::fstat(int file, struct stat* status) {
  return ::fstat(file, status);
}
ssize_t FileCalls::read(int file, void* bytes, std::size_t count) {
  return ::read(file, bytes, count);
}
ssize_t FileCalls::write(int file, const void* bytes, std::size_t count) {
  return ::write(file, bytes, count);
}
int FileCalls::fchmod(int file, mode_t mode) {
  return ::fchmod(file, mode);
}
int FileCalls::fsync(int file) {
  return ::fsync(file);
}
int FileCalls::close(int file) {
  return ::close(file);
}
int FileCalls::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}
int FileCalls::link(const std::string& from, const std::string& to) {
  return ::link(from.c_str(), to.c_str());
}
int FileCalls::unlink(const std::string& path) {
  return ::unlink(path.c_str());
}

void fail_io(const char* action, const std::string& path, int error) {
  fail(ErrorCode::Io, "cannot ", action, " ", path, ": ", std::generic_category().message(error));
}

}  // namespace detail

namespace {

using detail::fail_io;
using detail::FileCalls;

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
constexpr std::size_t kTailBytes = 4096;  // read at once where a file hides its size
constexpr int kMostTemporaryNames = 100;

// Closes on every way out. close() hands the descriptor's last error back.
class Descriptor {
 public:
  Descriptor(FileCalls& calls, int file) : calls_(calls), file_(file) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return file_; }
  int close() {
    const int file = file_;
    file_ = -1;
    return file < 0 ? 0 : calls_.close(file);
  }

 private:
  FileCalls& calls_;
  int file_;
};

struct Temporary {
  std::string path;
  int file = -1;
};

std::atomic<unsigned> temporary_count{0};  // names given so far

constexpr char kTemporary[] = ".tmp-";

// A name that nobody has: the process id keeps processes apart, the counter the calls of one.
Temporary open_temporary(const std::string& path, FileCalls& calls) {
  for (int i = 0; i < kMostTemporaryNames; ++i) {
    Temporary temporary;
    temporary.path = detail::temporary_name(path);
    temporary.file =
        calls.open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (temporary.file >= 0) {
      return temporary;
    }
    if (errno != EEXIST) {
      fail_io("write", path, errno);
    }
  }
  fail_io("write", path, EEXIST);
}

std::optional<mode_t> present_mode(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return static_cast<mode_t>(status.st_mode & 0777);
}

void write_all(const std::string& path,
               std::span<const std::uint8_t> bytes,
               int file,
               FileCalls& calls) {
  while (!bytes.empty()) {
    const ssize_t written = calls.write(file, bytes.data(), std::min(bytes.size(), kChunkBytes));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      fail_io("write", path, written < 0 ? errno : EIO);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void fill_temporary(const std::string& path,
                    std::span<const std::uint8_t> bytes,
                    int file,
                    FileCalls& calls) {
  Descriptor descriptor(calls, file);
  if (const std::optional<mode_t> mode = present_mode(path)) {
    if (calls.fchmod(file, *mode) != 0) {
      fail_io("set the permissions of", path, errno);
    }
  }
  write_all(path, bytes, file, calls);
  if (calls.fsync(file) != 0) {
    fail_io("write", path, errno);
  }
  if (descriptor.close() != 0) {
    fail_io("write", path, errno);
  }
}

// A device or a pipe, also behind a link: /dev/null, /dev/stdout. A rename would take its place.
bool is_device(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_other(std::filesystem::status(path, ignored));
}

void write_through(const std::string& path, std::span<const std::uint8_t> bytes, FileCalls& calls) {
  Descriptor descriptor(calls, calls.open(path, O_WRONLY | O_CLOEXEC, 0));
  if (descriptor.get() < 0) {
    fail_io("write", path, errno);
  }
  write_all(path, bytes, descriptor.get(), calls);
  if (descriptor.close() != 0) {
    fail_io("write", path, errno);
  }
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void sync_folder(const std::string& path, FileCalls& calls) {
  Descriptor descriptor(calls, calls.open(folder_of(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (descriptor.get() < 0) {
    // A folder that may be written to but not listed cannot be opened, so not synced either.
    if (errno == EACCES) {
      return;
    }
    fail_io("open the folder of", path, errno);
  }
  // EINVAL: file systems that cannot sync a folder say so; there is nothing more to do.
  if (calls.fsync(descriptor.get()) != 0 && errno != EINVAL) {
    fail_io("sync the folder of", path, errno);
  }
}

// "PID-N" of a temporary name.
bool is_stale(const std::string& text) {
  const char* const end = text.data() + text.size();
  pid_t process = 0;
  unsigned number = 0;
  const auto first = std::from_chars(text.data(), end, process);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-' || process <= 0) {
    return false;
  }
  const auto second = std::from_chars(first.ptr + 1, end, number);
  if (second.ec != std::errc{} || second.ptr != end) {
    return false;
  }
  // Numbers that this process has not given yet are of an earlier one with the same id; a container
  // gives the same id at every start.
  return process == ::getpid() ? number >= temporary_count.load()
                               : ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::string detail::temporary_name(const std::string& path) {
  return path + kTemporary + std::to_string(::getpid()) + "-" +
         std::to_string(temporary_count.fetch_add(1));
}

void detail::remove_stale_temporaries(const std::string& path) {
  namespace fs = std::filesystem;
  const std::string start = fs::path(path).filename().string() + kTemporary;
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(path), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(start) && is_stale(name.substr(start.size()))) {
      std::error_code ignored;
      fs::remove(entry->path(), ignored);
    }
  }
}

Bytes detail::read_whole_file(const std::string& path, std::size_t limit, FileCalls& calls) {
  const Descriptor descriptor(calls, calls.open(path, O_RDONLY | O_CLOEXEC, 0));
  if (descriptor.get() < 0) {
    fail_io("read", path, errno);
  }
  struct stat status{};
  if (calls.fstat(descriptor.get(), &status) != 0) {
    fail_io("read", path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    fail_io("read", path, EISDIR);
  }
  const std::size_t told = status.st_size > 0 ? static_cast<std::size_t>(status.st_size) : 0;
  Bytes bytes;
  if (told <= limit) {
    bytes.reserve(told + kTailBytes);
  }
  while (told <= limit) {
    // One byte beyond the limit is asked for, to tell a longer file that hides its size.
    const std::size_t used = bytes.size();
    const std::size_t wanted = told > used ? told - used + 1 : kTailBytes;
    const std::size_t room = limit - used < wanted ? limit - used + 1 : wanted;
    bytes.resize(used + room);
    const ssize_t count = calls.read(descriptor.get(), bytes.data() + used, room);
    if (count < 0 && errno != EINTR) {
      fail_io("read", path, errno);
    }
    bytes.resize(used + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) {
      return bytes;
    }
    if (bytes.size() > limit) {
      break;
    }
  }
  fail(ErrorCode::LimitExceeded, path, ": longer than the limit of ", limit, " bytes");
}

Bytes read_file(const std::string& path, std::size_t limit) {
  FileCalls calls;
  return detail::read_whole_file(path, limit, calls);
}

void detail::write_file_atomic(const std::string& path,
                               std::span<const std::uint8_t> bytes,
                               FileCalls& calls,
                               const std::function<void()>& before_rename) {
  if (is_device(path)) {
    write_through(path, bytes, calls);
    return;
  }
  const Temporary temporary = open_temporary(path, calls);
  try {
    fill_temporary(path, bytes, temporary.file, calls);
    if (before_rename) {
      before_rename();
    }
    if (calls.rename(temporary.path, path) != 0) {
      fail_io("write", path, errno);
    }
  } catch (...) {
    calls.unlink(temporary.path);
    throw;
  }
  sync_folder(path, calls);
}

void write_file_atomic(const std::string& path, std::span<const std::uint8_t> bytes) {
  FileCalls calls;
  detail::write_file_atomic(path, bytes, calls);
}

void write_file_atomic(const std::string& path, std::string_view text) {
  write_file_atomic(path, std::span<const std::uint8_t>(
                              reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace zoa
