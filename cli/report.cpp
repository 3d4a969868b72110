// SPDX-License-Identifier: Apache-2.0
// zoa report: records of one or several runs to one page.
#include "zoa/eval/report.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"

#include "cli/command_line.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

std::vector<Run> read_file_runs(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || in.peek() == std::ifstream::traits_type::eof()) {
    fail(in.is_open() ? ErrorCode::BadFile : ErrorCode::Io, path, ": ",
         in.is_open() ? "empty or not a file" : std::strerror(errno));
  }
  return read_runs(in, path);
}

}  // namespace

int run_report(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "report", "Makes one self-contained HTML page from the records of zoa eval -o.",
               "  zoa report run.jsonl -o run.html\n"
               "  zoa report vit.jsonl resnet.jsonl -o both.html --title 'Two networks'\n");
  std::vector<std::string> paths;
  std::string output;
  std::string title;
  app.add_option("records", paths, "files of zoa eval -o")->required();
  app.add_option("-o,--output", output, "page to write")->type_name("FILE.html")->required();
  app.add_option("--title", title, "of the page")->type_name("TEXT");
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  check_writable(output);
  std::vector<Run> runs;
  for (const std::string& path : paths) {
    for (Run& run : read_file_runs(path)) {
      runs.push_back(std::move(run));
    }
  }
  write_file_atomic(output, html_report(runs, {title}));
  std::cout << output << "\n";
  return 0;
}

}  // namespace zoa::cli
