// SPDX-License-Identifier: Apache-2.0
// Calls of the operating system that fail on demand, for the tests of what reads and writes files.
// Only tests include it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "zoa/core/file_calls.h"

namespace zoa::test {

struct Faults {
  int at = -1;                  ///< which call fails first; -1 = none
  int error = 0;                ///< errno of those that fail
  bool lasting = false;         ///< all later calls fail too: the disk, or the process, is gone
  std::size_t write_bytes = 2;  ///< most that a write takes: short writes are the rule
  bool syncs = true;            ///< false: fsync does nothing, for tests of many thousand calls
  std::string only = {};        ///< only calls of this name count
};

class FaultyCalls : public detail::FileCalls {
 public:
  explicit FaultyCalls(const Faults& faults) : faults_(faults) {}

  int open(const std::string& path, int flags, mode_t mode) override {
    return faulty("open") ? -1 : FileCalls::open(path, flags, mode);
  }
  int fstat(int file, struct stat* status) override {
    return faulty("fstat") ? -1 : FileCalls::fstat(file, status);
  }
  ssize_t read(int file, void* bytes, std::size_t count) override {
    return faulty("read") ? -1 : FileCalls::read(file, bytes, count);
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    return faulty("write") ? -1
                           : FileCalls::write(file, bytes, std::min(count, faults_.write_bytes));
  }
  int fchmod(int file, mode_t mode) override {
    return faulty("fchmod") ? -1 : FileCalls::fchmod(file, mode);
  }
  int fsync(int file) override {
    return faulty("fsync") ? -1 : (faults_.syncs ? FileCalls::fsync(file) : 0);
  }
  int close(int file) override {
    const int result = FileCalls::close(file);
    return faulty("close") ? -1 : result;
  }
  int rename(const std::string& from, const std::string& to) override {
    return faulty("rename") ? -1 : FileCalls::rename(from, to);
  }
  int link(const std::string& from, const std::string& to) override {
    return faulty("link") ? -1 : FileCalls::link(from, to);
  }
  int unlink(const std::string& path) override {
    return faulty("unlink") ? -1 : FileCalls::unlink(path);
  }

  int calls() const { return calls_; }

 private:
  bool faulty(const std::string& name) {
    if (!faults_.only.empty() && faults_.only != name) {
      return false;
    }
    const int call = calls_++;
    if (faults_.at < 0 || call < faults_.at || (call > faults_.at && !faults_.lasting)) {
      return false;
    }
    errno = faults_.error;
    return true;
  }

  Faults faults_;
  int calls_ = 0;
};

}  // namespace zoa::test
