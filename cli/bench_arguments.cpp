// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_arguments.h"

#include <charconv>

#include "zoa/core/error.h"
#include "zoa/engine/engine.h"

#include "cli/data_source.h"

namespace zoa::cli {

void add_bench_flags(CLI::App& app, BenchArguments& arguments) {
  CLI::Option* model = app.add_option("model", arguments.models,
                                      "model folder, or several, which take turns: M.zoa,M2.zoa");
  app.add_option("--batch", arguments.batches, "batch sizes")
      ->type_name("N,N")
      ->default_str(arguments.batches);
  app.add_option("--method", arguments.methods, "methods, taking turns")
      ->type_name("NAMES")
      ->default_str(arguments.methods);
  app.add_option("--set", arguments.settings, "option of a method, e.g. zoa.lr=1e-4; may repeat")
      ->type_name("M.OPTION=X")
      ->allow_extra_args(false);
  app.add_option("--data", arguments.data,
                 "images instead of random pixels: " + std::string(kSpecHelp))
      ->type_name("SPEC");
  app.add_option("--domain", arguments.domain, "of the images")->type_name("NAME");
  app.add_option("-o,--output", arguments.format, "md or json, on standard output")
      ->type_name("FORMAT")
      ->default_str(arguments.format)
      ->check(CLI::IsMember({"md", "json"}));
  app.add_option("--compare", arguments.compared,
                 "instead of timing: two files of -o json, the ratio of the second to the first")
      ->type_name("OLD.json NEW.json")
      ->expected(2)
      ->excludes(model);
  app.add_flag("--parts", arguments.parts,
               "a second table: where the time of a step goes (JSON always has it)");
  add_option_flags(app, arguments.options);
  add_option_flags(app, arguments.frames);
  app.add_flag("--quiet", arguments.quiet, "no progress");
}

std::vector<std::size_t> parse_batches(const std::string& text) {
  std::vector<std::size_t> batches;
  for (const std::string& part : split_list(text, "--batch")) {
    std::size_t value = 0;
    const char* end = part.data() + part.size();
    const auto parsed = std::from_chars(part.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value < 1 || value > kMostBatch) {
      fail(ErrorCode::InvalidArgument, "--batch ", text, ": '", part,
           "' is not a batch size; expected 1 to ", kMostBatch);
    }
    batches.push_back(value);
  }
  return batches;
}

}  // namespace zoa::cli
