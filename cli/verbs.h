// SPDX-License-Identifier: Apache-2.0
// The verbs of the program, one file each. A verb parses its arguments, calls the library and
// prints; what it returns is the exit status. Errors are thrown, main() prints them.
#pragma once

#include <string>
#include <vector>

namespace zoa::cli {

using Arguments = std::vector<std::string>;  ///< what follows the verb

int run_inspect(const Arguments& arguments);
int run_quantize(const Arguments& arguments);
int run_eval_verb(const Arguments& arguments);
int run_adapt(const Arguments& arguments);
int run_corrupt(const Arguments& arguments);
int run_bench_verb(const Arguments& arguments);
int run_merge(const Arguments& arguments);
int run_report(const Arguments& arguments);
int run_state(const Arguments& arguments);
int run_demo(const Arguments& arguments);
int run_doctor(const Arguments& arguments);

struct Verb {
  const char* name;
  const char* summary;
  int (*run)(const Arguments& arguments);
};

/// In the order of the help page.
const std::vector<Verb>& list_verbs();

inline constexpr int kInterrupted = 130;

}  // namespace zoa::cli
