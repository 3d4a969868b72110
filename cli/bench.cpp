// SPDX-License-Identifier: Apache-2.0
// zoa bench: time of a step of each method next to a plain pass of the same network, or of the
// answers to single frames.
#include "zoa/eval/bench.h"

#include <charconv>
#include <iostream>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/threads.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/bench_json.h"
#include "zoa/eval/frame_bench.h"

#include "cli/data_source.h"
#include "cli/eval_arguments.h"
#include "cli/model_source.h"

namespace zoa::cli {
namespace {

struct BenchArguments {
  std::string models;
  std::string batches = "1,16,64";
  std::vector<std::size_t> sizes;  // parsed
  std::string methods = "noadapt,zoa";
  std::vector<std::string> settings;
  std::string data;
  std::string domain;
  std::string format = "md";
  bool quiet = false;
  BenchOptions options;
  FrameBenchOptions frames;
};

void add_flags(CLI::App& app, BenchArguments& arguments) {
  app.add_option("model", arguments.models, "model folder, or several: M.zoa,M2.zoa")->required();
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

BatchMaker choose_images(const BenchArguments& arguments, const Model& model, const Dataset* data) {
  if (data == nullptr) {
    return random_batches(model, static_cast<std::uint64_t>(arguments.options.seed));
  }
  const std::string domain =
      arguments.domain.empty() ? default_domains(*data).front() : arguments.domain;
  return data_batches(model, *data, find_domain(*data, domain));
}

using Requests = std::vector<MethodRequest>;

std::vector<BenchRow> bench_batches(const BenchArguments& arguments,
                                    const Requests& requests,
                                    const std::vector<Model>& models,
                                    const Dataset* data,
                                    Progress& progress) {
  std::vector<BenchRow> rows;
  for (const Model& model : models) {
    const BatchMaker images = choose_images(arguments, model, data);
    for (const std::size_t batch : arguments.sizes) {
      progress.show("bench " + model.name() + ", batch " + std::to_string(batch), rows.size(),
                    models.size() * arguments.sizes.size() * requests.size());
      const auto more = run_bench(model, requests, {batch}, arguments.options, images);
      rows.insert(rows.end(), more.begin(), more.end());
    }
  }
  return rows;
}

std::vector<FrameBench> bench_frames(const BenchArguments& arguments,
                                     const Requests& requests,
                                     const std::vector<Model>& models,
                                     const Dataset* data,
                                     Progress& progress) {
  std::vector<FrameBench> benches;
  for (const Model& model : models) {
    progress.show("bench " + model.name() + ", single frames", benches.size(), models.size());
    benches.push_back(run_frame_bench(model, requests, arguments.frames, arguments.options,
                                      choose_images(arguments, model, data)));
  }
  return benches;
}

template <class Results>
void print_results(const BenchArguments& arguments, const Results& results, const Table& table) {
  if (arguments.format == "json") {
    const int threads = threads_or_available(arguments.options.threads);
    std::cout << bench_json(results, runtime_version(), {cpu_model(), running_isa(), threads});
  } else {
    std::cout << markdown_table(table);
  }
}

void print_memory(const std::vector<FrameBench>& benches) {
  for (const FrameBench& bench : benches) {
    if (bench.rss_slope) {
      std::cout << "\nmemory of the process: " << fixed_text(bench.rss_mb, 0) << " MB, "
                << fixed_text(*bench.rss_slope, 2) << " KiB more per 1,000 frames ("
                << bench.rows.front().model << ")\n";
    }
  }
}

}  // namespace

int run_bench_verb(const Arguments& words) {
  CLI::App app;
  describe_app(app, "bench",
               "Times one step of each method, methods taking turns on the same "
               "images, and its ratio to a plain pass.",
               "  zoa bench vit.zoa\n"
               "  zoa bench vit.zoa,resnet.zoa --batch 64 --reps 50 -o json > bench.json\n"
               "  zoa bench vit.zoa --data npz:cifar10c.npz --domain fog\n"
               "  zoa bench vit.zoa --frames 1000 --data npz:cifar10c.npz --domain fog\n");
  BenchArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  arguments.sizes = parse_batches(arguments.batches);
  const auto requests = make_requests(arguments.methods, arguments.settings);
  const std::vector<Model> models = load_models(arguments.models);
  std::shared_ptr<const Dataset> data;
  if (!arguments.data.empty()) {
    data = open_dataset(arguments.data);
  }
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  progress.print(machine_line());
  if (arguments.frames.frames > 0) {
    const auto benches = bench_frames(arguments, requests, models, data.get(), progress);
    progress.finish();
    print_results(arguments, benches, frame_bench_table(benches));
    if (arguments.format == "md") {
      print_memory(benches);
    }
  } else {
    const auto rows = bench_batches(arguments, requests, models, data.get(), progress);
    progress.finish();
    print_results(arguments, rows, bench_table(rows));
  }
  return 0;
}

}  // namespace zoa::cli
