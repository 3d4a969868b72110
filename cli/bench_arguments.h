// SPDX-License-Identifier: Apache-2.0
// The flags of zoa bench.
#pragma once

#include <string>
#include <vector>

#include "zoa/eval/frame_bench.h"

#include "cli/command_line.h"

namespace zoa::cli {

struct BenchArguments {
  std::string models;
  std::string batches = "1,4,16,64";
  std::vector<std::size_t> sizes;  ///< parsed
  std::string methods = "noadapt,zoa";
  std::vector<std::string> settings;
  std::string data;
  std::string domain;
  std::string format = "md";
  std::vector<std::string> compared;  ///< two files: older, newer
  bool parts = false;
  bool quiet = false;
  BenchOptions options;
  FrameBenchOptions frames;
};

void add_bench_flags(CLI::App& app, BenchArguments& arguments);

/// "1,16" to numbers. Throws  InvalidArgument.
std::vector<std::size_t> parse_batches(const std::string& text);

}  // namespace zoa::cli
