// SPDX-License-Identifier: Apache-2.0
// zoa: one program, one verb per job. Exit status: 0 ok, 1 failed, 2 usage, 3 bad file,
// 4 unsupported model, 130 interrupted.
#include <algorithm>
#include <exception>
#include <iomanip>
#include <iostream>
#include <new>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"

#include "cli/command_line.h"
#include "cli/verbs.h"

namespace zoa::cli {

const std::vector<Verb>& list_verbs() {
  static const std::vector<Verb> kVerbs{
      {"inspect", "what a network is: family, norms, taps, which layers run on int8 kernels",
       run_inspect},
      {"quantize", "a network and some images in, an 8-bit model folder out", run_quantize},
      {"eval", "accuracy per domain, with and without adaptation", run_eval_verb},
      {"adapt", "a stream of pictures: an answer each, adapted as it goes, state in a file",
       run_adapt},
      {"corrupt", "corrupted copies of images on disk, as in ImageNet-C or CIFAR-10-C",
       run_corrupt},
      {"bench", "time of an adaptation step next to a plain pass", run_bench_verb},
      {"merge", "the shards of an evaluation to one file of records", run_merge},
      {"report", "an HTML page from the records of eval", run_report},
      {"state", "what methods have learnt: show, verify, merge between devices", run_state},
      {"demo", "quantize two small networks and let them adapt", run_demo},
      {"doctor", "versions, processor, threads: what zoa finds on this machine", run_doctor},
  };
  return kVerbs;
}

namespace {

void print_help(std::ostream& out) {
  out << "zoa adapts quantized vision networks at test time.\n\nUsage: zoa VERB [OPTIONS]\n\n"
         "Verbs:\n";
  for (const Verb& verb : list_verbs()) {
    out << "  " << std::left << std::setw(10) << verb.name << verb.summary << "\n";
  }
  out << "\n  zoa VERB --help   options and examples of a verb\n"
         "  zoa --version     versions, processor, threads\n\n"
         "Results go to standard output, everything else to standard error.\n"
         "Exit status: 0 ok, 1 failed, 2 usage, 3 bad file, 4 unsupported model, 130 "
         "interrupted.\n";
}

int run_verb(const Arguments& arguments) {
  if (arguments.empty()) {
    fail(ErrorCode::InvalidArgument,
         "no verb given; 'zoa --help' lists them, 'zoa demo' shows all");
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || (name == "help" && arguments.size() == 1)) {
    print_help(std::cout);
    return 0;
  }
  if (name == "--version" || name == "version") {
    std::cout << machine_line() << "\n";
    return 0;
  }
  if (name == "help") {
    return run_verb({arguments[1], "--help"});
  }
  std::vector<std::string> known;
  for (const Verb& verb : list_verbs()) {
    if (name == verb.name) {
      return verb.run(Arguments(arguments.begin() + 1, arguments.end()));
    }
    known.emplace_back(verb.name);
  }
  fail(ErrorCode::InvalidArgument, unknown_name_text("verb", name, known));
}

// Texts from outside may hold line breaks: an error is one line.
int print_error(std::string text, int status) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::cerr << "zoa: error: " << text << "\n" << std::flush;
  return status;
}

int run_program(const Arguments& arguments) {
  try {
    const int status = run_verb(arguments);
    std::cout.flush();
    return std::cout ? status : print_error("standard output cannot be written", 1);
  } catch (const Error& error) {
    return print_error(error.what(), exit_status(error.code()));
  } catch (const std::bad_alloc&) {
    return print_error("out of memory; a smaller --batch needs less", 1);
  } catch (const std::exception& error) {
    return print_error(std::string("internal: ") + error.what(), 1);
  }
}

}  // namespace
}  // namespace zoa::cli

int main(int argc, char** argv) {
  return zoa::cli::run_program(zoa::cli::Arguments(argv + std::min(argc, 1), argv + argc));
}
