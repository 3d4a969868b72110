// SPDX-License-Identifier: Apache-2.0
// zoa eval: runs methods over a data set, prints accuracy per domain, writes records and a page.
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <set>

#include "zoa/adapt/snapshot.h"
#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/data/severity.h"
#include "zoa/eval/metrics.h"
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

void print_table(const Table& table, const EvalArguments& arguments) {
  std::cout << (arguments.markdown ? markdown_table(table) : text_table(table)) << "\n";
}

// A shard may have nothing to do in a run.
void print_run(const Run& run, const EvalArguments& arguments) {
  if (run.summaries.empty()) {
    return;
  }
  std::cout << run.header.model << ", " << run.header.bits;
  if (arguments.seeds > 1) {
    const auto& options = run.header.options;
    const auto seed = std::find_if(options.begin(), options.end(),
                                   [](const OptionText& option) { return option.name == "seed"; });
    std::cout << ", seed " << (seed == options.end() ? "" : seed->value);
  }
  std::cout << ", top-1 accuracy in percent\n" << (arguments.markdown ? "\n" : "");
  print_table(accuracy_table(run), arguments);
  print_table(cost_table(run, !arguments.no_timings), arguments);
}

// runs  of one network, one for each seed
void print_seeds(const std::vector<Run>& runs, const EvalArguments& arguments) {
  Table table{{"method", "mean", "sd", "seeds"}, {}, 0};
  for (const MethodSummary& method : runs.front().summaries) {
    std::vector<double> shares;
    for (const Run& run : runs) {
      for (const MethodSummary& summary : run.summaries) {
        if (summary.method == method.method && summary.top1) {
          shares.push_back(*summary.top1);
        }
      }
    }
    const std::optional<MeanSd> spread = mean_and_sd(shares);
    table.rows.push_back({method.method, spread ? percent_text(spread->mean) : "-",
                          spread && spread->sd ? fixed_text(*spread->sd * 100, 2) : "-",
                          std::to_string(shares.size())});
  }
  std::cout << runs.front().header.model << ", " << runs.front().header.bits
            << ", mean over the domains, over all seeds, in percent\n"
            << (arguments.markdown ? "\n" : "");
  print_table(table, arguments);
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

std::string state_path(const EvalArguments& arguments,
                       const Model& model,
                       const std::string& method,
                       std::int64_t seed) {
  const std::string suffix = arguments.seeds > 1 ? "-" + std::to_string(seed) : "";
  return arguments.state_out + "/" + model.name() + "-" + method + suffix + ".safetensors";
}

void check_state_out(const EvalArguments& arguments, const std::vector<Model>& models) {
  if (arguments.state_out.empty()) {
    return;
  }
  if (arguments.options.reset == "domain") {
    fail(ErrorCode::InvalidArgument,
         "--state-out with --reset domain: only what the last domain taught would be left; "
         "expected --reset continual or round");
  }
  std::set<std::string> names;
  for (const Model& model : models) {
    if (!names.insert(model.name()).second) {
      fail(ErrorCode::InvalidArgument, "--state-out: two networks are named '", model.name(),
           "'; run them one by one into folders of their own");
    }
  }
  std::error_code error;
  std::filesystem::create_directories(arguments.state_out, error);
  check_writable(arguments.state_out + "/x");
}

struct EvalJob {
  const EvalArguments& arguments;
  EvalPlan plan;
  LineFile records;
  Progress progress;
};

Run run_one(EvalJob& job, const Model& model, const Dataset& data, std::int64_t k) {
  job.plan.options = seed_options(job.arguments.options, k);
  EvalHooks hooks;
  hooks.line = [&](const std::string& line) { job.records.write(line); };
  hooks.note = [&](const std::string& note) { job.progress.print("zoa: warning: " + note); };
  hooks.stop = is_interrupted;
  hooks.progress = [&](const EvalProgress& p) {
    job.progress.show(model.name() + " " + p.domain, p.done, p.total);
  };
  if (!job.arguments.state_out.empty()) {
    hooks.state = [&](const std::string& method, const MemoryState& state) {
      save_snapshot(state_path(job.arguments, model, method, job.plan.options.seed), state);
    };
  }
  Run run = run_eval(model, data, job.plan, hooks);
  ++job.plan.number;
  job.progress.finish();
  check_answers(run);
  print_run(run, job.arguments);
  return run;
}

std::vector<Run> run_models(const EvalArguments& arguments, const EvalPlan& plan) {
  const std::vector<Model> models = load_models(arguments.models);
  const std::shared_ptr<const Dataset> data = open_source(arguments.data);
  for (const Model& model : models) {
    check_classes(model, *data);
  }
  check_state_out(arguments, models);
  EvalJob job{arguments, plan, LineFile(arguments.output),
              Progress(std::cerr, stderr_style(arguments.quiet))};
  job.progress.print(machine_line());
  std::vector<Run> runs;
  for (const Model& model : models) {
    std::vector<Run> seeds;
    for (std::int64_t k = 0; k < arguments.seeds && !is_interrupted(); ++k) {
      seeds.push_back(run_one(job, model, *data, k));
    }
    if (seeds.size() > 1) {
      print_seeds(seeds, arguments);
    }
    std::move(seeds.begin(), seeds.end(), std::back_inserter(runs));
  }
  return runs;
}

}  // namespace

int run_eval_verb(const Arguments& words) {
  CLI::App app;
  describe_app(
      app, "eval",
      "Runs methods over the domains of a data set, one after the other, "
      "and prints top-1 accuracy.",
      "  zoa eval vit.zoa --data npz:cifar10c.npz -o run.jsonl --report run.html\n"
      "  zoa eval vit.zoa,resnet.zoa --data mnist:DIR --corrupt fog,jpeg_compression\n"
      "  zoa eval vit.zoa --data images:DIR --set zoa.lr=1e-4 --batch 32 --limit 1000\n"
      "  zoa eval vit.zoa --data imagenet-c:DIR --severity 1-5 --subset list.txt --seeds 3\n"
      "  zoa eval vit.zoa --data cifar10-c:DIR --order dirichlet --mixed --rounds 10\n"
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
  plan.options = arguments.options;
  check_eval_options(plan.options);
  arguments.data.severities = parse_severities(arguments.options.severity);
  plan.states = read_states(arguments.states);
  plan.command = eval_command(arguments);
  plan.timings = !arguments.no_timings;
  plan.cache = arguments.cache;
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
