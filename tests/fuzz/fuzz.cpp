// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sys/mman.h>
#include <unistd.h>

namespace zoa::fuzz {

void report(const std::string& finding) {
  std::fprintf(stderr, "FINDING: %s\n", finding.c_str());
  std::abort();
}

MemoryFile::MemoryFile(Input bytes) : file_(::memfd_create("zoa-fuzz", MFD_CLOEXEC)) {
  for (std::size_t done = 0; file_ != -1 && done < bytes.size();) {
    const ssize_t wrote = ::write(file_, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) {
      report("the file in memory cannot be written");
    }
    done += static_cast<std::size_t>(wrote);
  }
  require(file_ != -1, "a file in memory can be made");
  path_ = "/proc/self/fd/" + std::to_string(file_);
}

MemoryFile::~MemoryFile() {
  ::close(file_);
}

void MemoryFolder::link(const std::string& name, const MemoryFile& file) const {
  std::error_code ignored;
  std::filesystem::remove(folder_.file(name), ignored);
  std::filesystem::create_symlink(file.path(), folder_.file(name));
}

TwoParts split(Input input) {
  if (input.size() < 2) {
    return {};
  }
  const Input rest = input.subspan(2);
  const std::size_t length = std::min(rest.size(), input[0] + std::size_t{256} * input[1]);
  return {rest.first(length), rest.subspan(length)};
}

}  // namespace zoa::fuzz
