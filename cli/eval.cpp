// SPDX-License-Identifier: Apache-2.0
// zoa eval: runs methods over a data set, prints accuracy per domain, writes records and a page.
#include <iomanip>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/eval/report.h"
#include "zoa/eval/table.h"

#include "cli/eval_arguments.h"
#include "cli/interrupt.h"
#include "cli/model_source.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

int print_methods() {
  for (const MethodInfo& info : list_methods()) {
    std::cout << std::left << std::setw(12) << info.name << info.title << "\n";
  }
  return 0;
}

void print_run(const Run& run, const EvalArguments& arguments) {
  const auto text = [&](const Table& table) {
    return arguments.markdown ? markdown_table(table) : text_table(table);
  };
  std::cout << run.header.model << ", " << run.header.bits << ", top-1 accuracy in percent\n"
            << (arguments.markdown ? "\n" : "") << text(accuracy_table(run)) << "\n"
            << text(cost_table(run, !arguments.no_timings)) << "\n";
}

// A data set of which nothing could be read is an error, not a table of dashes.
void check_answers(const Run& run) {
  std::size_t images = 0;
  std::size_t skipped = 0;
  for (const MethodSummary& summary : run.summaries) {
    images += summary.images;
    skipped += summary.skipped;
  }
  if (images == 0 && skipped > 0) {
    fail(ErrorCode::BadFile, run.header.data, ": none of the ",
         skipped / std::max<std::size_t>(1, run.summaries.size()), " images can be decoded");
  }
}

std::vector<Run> run_models(const EvalArguments& arguments, const EvalPlan& plan) {
  const std::vector<Model> models = load_models(arguments.models);
  const std::shared_ptr<const Dataset> data = open_source(arguments.data);
  for (const Model& model : models) {
    check_classes(model, *data);
  }
  LineFile records(arguments.output);
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  progress.print(machine_line());
  std::vector<Run> runs;
  for (const Model& model : models) {
    EvalHooks hooks;
    hooks.line = [&](const std::string& line) { records.write(line); };
    hooks.note = [&](const std::string& note) { progress.print("zoa: warning: " + note); };
    hooks.stop = is_interrupted;
    hooks.progress = [&](const EvalProgress& p) {
      progress.show(model.name() + " " + p.domain, p.done, p.total);
    };
    runs.push_back(run_eval(model, *data, plan, hooks));
    progress.finish();
    check_answers(runs.back());
    print_run(runs.back(), arguments);
    if (is_interrupted()) {
      break;
    }
  }
  return runs;
}

}  // namespace

int run_eval_verb(const Arguments& words) {
  CLI::App app;
  describe_app(app, "eval",
               "Runs methods over the domains of a data set, one after the other "
               "without a reset, and prints top-1 accuracy.",
               "  zoa eval vit.zoa --data npz:cifar10c.npz -o run.jsonl --report run.html\n"
               "  zoa eval vit.zoa,resnet.zoa --data mnist:DIR --corrupt fog,jpeg_compression\n"
               "  zoa eval vit.zoa --data images:DIR --set zoa.lr=1e-4 --batch 32 --limit 1000\n"
               "  zoa eval --list-methods\n");
  EvalArguments arguments;
  add_eval_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  if (arguments.list_methods) {
    return print_methods();
  }
  if (arguments.models.empty() || arguments.data.spec.empty()) {
    fail(ErrorCode::InvalidArgument, "eval needs a model folder and --data SPEC (zoa eval --help)");
  }
  EvalPlan plan;
  plan.methods = make_requests(arguments.methods, arguments.settings);
  if (!arguments.domains.empty()) {
    arguments.options.domains = split_list(arguments.domains, "--domains");
  }
  arguments.data.severity = static_cast<int>(arguments.options.severity);
  plan.options = arguments.options;
  check_eval_options(plan.options);
  plan.command = eval_command(arguments);
  plan.timings = !arguments.no_timings;
  if (!arguments.report.empty()) {
    check_writable(arguments.report);
  }
  catch_interrupts();
  const std::vector<Run> runs = run_models(arguments, plan);
  if (!arguments.report.empty()) {
    write_file_atomic(arguments.report, html_report(runs, {arguments.title}));
    std::cerr << "page: " << arguments.report << "\n" << std::flush;
  }
  return is_interrupted() ? kInterrupted : 0;
}

}  // namespace zoa::cli
