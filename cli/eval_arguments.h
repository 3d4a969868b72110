// SPDX-License-Identifier: Apache-2.0
// The flags of zoa eval, and the command line that repeats a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoa/eval/run.h"

#include "cli/data_source.h"

namespace zoa::cli {

struct EvalArguments {
  std::string models;
  DataSource data;
  std::string domains;
  std::string methods = "noadapt,zoa";
  std::vector<std::string> settings;  ///< "method.option=value"
  EvalOptions options;
  std::int64_t seeds = 1;           ///< runs, with seed and order_seed one higher each time
  std::vector<std::string> states;  ///< "method=file"
  std::string state_out;            ///< folder
  std::string cache;                ///< folder of compiled networks
  std::string output;
  std::string report;
  std::string title;
  bool markdown = false;
  bool list_methods = false;
  bool no_timings = false;
  bool quiet = false;
};

void add_eval_flags(CLI::App& app, EvalArguments& arguments);

/// Methods with their settings. Throws  InvalidArgument for unknown methods and malformed settings.
std::vector<MethodRequest> make_requests(const std::string& methods,
                                         const std::vector<std::string>& settings);

/// What methods begin with, read from their files.
/// Throws  InvalidArgument for a malformed or unknown one; Io, BadFile.
std::map<std::string, MemoryState> read_states(const std::vector<std::string>& states);

/// Options of run number k of --seeds.
EvalOptions seed_options(const EvalOptions& options, std::int64_t k);

/// The command in its shortest form: what differs from the defaults, without outputs and threads.
std::string eval_command(const EvalArguments& arguments);

}  // namespace zoa::cli
