// SPDX-License-Identifier: Apache-2.0
// zoa doctor: what zoa finds on this machine, in the form that a bug report needs.
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "zoa/core/cpu.h"
#include "zoa/core/threads.h"
#include "zoa/core/version.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"

#include "cli/command_line.h"

namespace zoa::cli {
namespace {

struct Facts {
  std::string runtime = runtime_version();
  std::string cpu = cpu_model();
  std::string isa = running_isa();
  bool saturates = int8_products_saturate(isa);
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int affinity = detail::affinity_threads();
  std::optional<double> quota = detail::cgroup_quota("");
  int threads = available_threads();
};

void print_json(const Facts& facts) {
  nlohmann::ordered_json json{{"zoa", kVersion},
                              {"runtime", facts.runtime},
                              {"compiler", __VERSION__},
                              {"cpu", facts.cpu},
                              {"isa", facts.isa},
                              {"int8_products_saturate", facts.saturates},
                              {"processors", facts.processors},
                              {"affinity", facts.affinity},
                              {"threads", facts.threads}};
  json["cgroup_quota"] =
      facts.quota ? nlohmann::ordered_json(*facts.quota) : nlohmann::ordered_json(nullptr);
  std::cout << json.dump(2) << "\n";
}

void print_text(const Facts& facts) {
  std::cout << "zoa        " << kVersion << " (g++ " << __VERSION__ << ")\n"
            << "runtime    " << facts.runtime << "\n"
            << "processor  " << facts.cpu << "\n"
            << "ISA        " << facts.isa << "\n"
            << "int8       "
            << (facts.saturates ? "products can saturate: quantize uses 7-bit weights here "
                                  "(--reduce-range auto)"
                                : "products are exact (VNNI or AMX)")
            << "\n"
            << "threads    " << facts.threads << " (" << facts.processors << " processors, "
            << facts.affinity << " by affinity, ";
  if (facts.quota) {
    std::cout << *facts.quota << " by the quota of the cgroup)\n";
  } else {
    std::cout << "no quota)\n";
  }
}

}  // namespace

int run_doctor(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "doctor", "Prints versions, processor and threads, as a bug report needs them.",
               "  zoa doctor\n  zoa doctor --json\n");
  bool json = false;
  app.add_flag("--json", json, "one JSON object");
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  const Facts facts;
  if (json) {
    print_json(facts);
  } else {
    print_text(facts);
  }
  return 0;
}

}  // namespace zoa::cli
