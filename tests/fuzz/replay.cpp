// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target on the empty input and on files: every file of the folders given, or single
// ones. It names each before it runs it, so that the last line before a crash says which one it
// was.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "zoa/core/file.h"

#include "tests/fuzz/fuzz.h"

namespace {

namespace fs = std::filesystem;

std::vector<std::string> list_files(int count, char** paths) {
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(paths[i])) {
      files.emplace_back(paths[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(paths[i])) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> files = list_files(argc, argv);
    if (files.empty()) {
      std::fprintf(stderr, "usage: %s FOLDER|FILE...  (at least one file)\n", argv[0]);
      return 1;
    }
    LLVMFuzzerTestOneInput(nullptr, 0);
    for (const std::string& file : files) {
      std::fprintf(stderr, "%s\n", file.c_str());
      const zoa::Bytes bytes = zoa::read_file(file, std::size_t{64} << 20U);
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    std::fprintf(stderr, "%zu files replayed\n", files.size());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replay: %s\n", error.what());
    return 1;
  }
}
