// SPDX-License-Identifier: Apache-2.0
// zoa report: records of one or several runs to one page, Markdown tables or CSV.
#include "zoa/eval/report.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/eval/comparison_table.h"

#include "cli/command_line.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

struct ReportArguments {
  std::vector<std::string> paths;
  std::string page;
  std::string markdown;
  std::string csv;
  std::string title;
  bool mix_unlike = false;
};

std::vector<Run> read_file_runs(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || in.peek() == std::ifstream::traits_type::eof()) {
    fail(in.is_open() ? ErrorCode::BadFile : ErrorCode::Io, path, ": ",
         in.is_open() ? "empty or not a file" : std::strerror(errno));
  }
  return read_runs(in, path);
}

// Three outputs, three files; only one of them can be standard output.
void check_distinct(const ReportArguments& arguments) {
  const std::string& page = arguments.page;
  const std::string& markdown = arguments.markdown;
  const std::string& csv = arguments.csv;
  if ((!page.empty() && (page == markdown || page == csv)) || (!csv.empty() && csv == markdown)) {
    fail(ErrorCode::InvalidArgument, "-o, --md and --csv: two of them have the same name");
  }
}

std::vector<Run> read_all(const std::vector<std::string>& paths) {
  std::vector<Run> runs;
  for (const std::string& path : paths) {
    for (Run& run : read_file_runs(path)) {
      runs.push_back(std::move(run));
    }
  }
  const bool empty =
      std::all_of(runs.begin(), runs.end(), [](const Run& run) { return run.batches.empty(); });
  if (empty) {
    fail(ErrorCode::BadFile, paths.front(), paths.size() > 1 ? " and the others" : "",
         ": no results; expected records of batches behind the header, as zoa eval -o writes them");
  }
  return runs;
}

void check_alike(const Comparison& comparison) {
  if (comparison.unlike.empty()) {
    return;
  }
  std::string lines;
  for (const std::string& line : comparison.unlike) {
    lines += (lines.empty() ? " " : "; ") + line;
  }
  fail(ErrorCode::InvalidArgument, "the rows would not be alike:", lines,
       "; make a report of each, or give --mix-unlike to have them in one table that says so");
}

void write_output(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::cout << text << std::flush;
  } else if (!path.empty()) {
    write_file_atomic(path, text);
    std::cerr << path << "\n";
  }
}

void add_flags(CLI::App& app, ReportArguments& arguments) {
  app.add_option("records", arguments.paths, "files of zoa eval -o")->required();
  app.add_option("-o,--output", arguments.page, "page to write")->type_name("FILE.html");
  app.add_option("--md", arguments.markdown, "Markdown tables to write, - = standard output")
      ->type_name("FILE.md");
  app.add_option("--csv", arguments.csv, "a line per network and method, - = standard output")
      ->type_name("FILE.csv");
  app.add_option("--title", arguments.title, "of the page")->type_name("TEXT");
  app.add_flag("--mix-unlike", arguments.mix_unlike,
               "take runs of other data or another protocol into one table, which then says so");
}

}  // namespace

int run_report(const Arguments& words) {
  CLI::App app;
  describe_app(app, "report",
               "Puts the records of zoa eval -o side by side: one self-contained HTML page, "
               "Markdown tables, CSV. Runs that differ only in their seeds become one row.",
               "  zoa report run.jsonl -o run.html\n"
               "  zoa report runs/*.jsonl -o all.html --md all.md --csv all.csv\n"
               "  zoa report vit.jsonl resnet.jsonl --md -\n");
  ReportArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  if (arguments.page.empty() && arguments.markdown.empty() && arguments.csv.empty()) {
    fail(ErrorCode::InvalidArgument,
         "nothing to write: give -o FILE.html, --md FILE or --csv FILE");
  }
  for (const std::string& path : {arguments.page, arguments.markdown, arguments.csv}) {
    if (!path.empty() && path != "-") {
      check_writable(path);
      check_not_input(path, arguments.paths);
    }
  }
  check_distinct(arguments);
  const std::vector<Run> runs = read_all(arguments.paths);
  const Comparison comparison = compare_runs(runs);
  if (!arguments.mix_unlike) {
    check_alike(comparison);
  }
  write_output(arguments.markdown, arguments.markdown.empty() ? "" : markdown_report(comparison));
  write_output(arguments.csv, arguments.csv.empty() ? "" : csv_report(comparison));
  if (!arguments.page.empty()) {
    write_file_atomic(arguments.page, html_report(runs, {arguments.title, ""}));
    std::cout << arguments.page << "\n";
  }
  return 0;
}

}  // namespace zoa::cli
