// SPDX-License-Identifier: Apache-2.0
// zoa bench: time of a step of each method next to a plain pass of the same network, where that
// time goes, what a start costs; or the answers to single frames; or two such files side by side.
#include "zoa/eval/bench.h"

#include <filesystem>
#include <iostream>
#include <set>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/threads.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/bench_compare.h"
#include "zoa/eval/bench_json.h"
#include "zoa/eval/peak_memory.h"

#include "cli/bench_arguments.h"
#include "cli/eval_arguments.h"
#include "cli/model_source.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

constexpr std::size_t kMostFileBytes = 16U << 20U;

using Requests = std::vector<MethodRequest>;

// The pictures of --data; data null: random pixels.
struct Pictures {
  std::shared_ptr<const Dataset> data;
  std::size_t domain = 0;
};

Pictures open_pictures(const BenchArguments& arguments) {
  Pictures pictures;
  if (!arguments.data.empty()) {
    pictures.data = open_dataset(arguments.data);
    pictures.domain = find_domain(*pictures.data, arguments.domain.empty()
                                                      ? default_domains(*pictures.data).front()
                                                      : arguments.domain);
  }
  return pictures;
}

BatchMaker choose_images(const BenchArguments& arguments,
                         const Model& model,
                         const Pictures& pictures) {
  return pictures.data == nullptr
             ? random_batches(model, static_cast<std::uint64_t>(arguments.options.seed))
             : data_batches(model, *pictures.data, pictures.domain);
}

// Networks are called as their folders say; where two have one name, by their folders' names.
std::vector<std::string> name_models(const std::vector<Model>& models, const std::string& paths) {
  std::vector<std::string> names;
  std::set<std::string> different;
  for (const Model& model : models) {
    names.push_back(model.name());
    different.insert(model.name());
  }
  if (different.size() == names.size()) {
    return names;
  }
  names.clear();
  for (const std::filesystem::path path : split_paths(paths)) {
    names.push_back((path.has_filename() ? path : path.parent_path()).stem().string());
  }
  return names;
}

BenchReport bench_batches(const BenchArguments& arguments,
                          const Requests& requests,
                          const std::vector<Model>& models,
                          Progress& progress) {
  const Pictures pictures = open_pictures(arguments);
  const std::vector<std::string> names = name_models(models, arguments.models);
  std::vector<BenchEntry> entries;
  entries.reserve(models.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    entries.push_back({names[i], models[i], choose_images(arguments, models[i], pictures)});
  }
  BenchReport report;
  for (std::size_t done = 0; done < arguments.sizes.size(); ++done) {
    const std::size_t batch = arguments.sizes[done];
    progress.show("bench, batch " + std::to_string(batch), done, arguments.sizes.size());
    const auto rows = run_bench(entries, requests, batch, arguments.options);
    report.rows.insert(report.rows.end(), rows.begin(), rows.end());
    if (pictures.data != nullptr) {
      for (const BenchEntry& entry : entries) {
        report.pictures.push_back(
            time_pictures(entry.model, *pictures.data, pictures.domain, batch, arguments.options));
        report.pictures.back().model = entry.name;
      }
    }
  }
  return report;
}

std::vector<FrameBench> bench_frames(const BenchArguments& arguments,
                                     const Requests& requests,
                                     const std::vector<Model>& models,
                                     Progress& progress) {
  const Pictures pictures = open_pictures(arguments);
  std::vector<FrameBench> benches;
  for (const Model& model : models) {
    progress.show("bench " + model.name() + ", single frames", benches.size(), models.size());
    benches.push_back(run_frame_bench(model, requests, arguments.frames, arguments.options,
                                      choose_images(arguments, model, pictures)));
  }
  return benches;
}

// Printed with the results, so that they never stand without it.
template <class Results>
bool print_json(const BenchArguments& arguments, const Results& results) {
  const int threads = threads_or_available(arguments.options.threads);
  if (arguments.format == "json") {
    std::cout << bench_json(results, runtime_version(), {cpu_model(), running_isa(), threads});
    return true;
  }
  std::cout << machine_line(threads) << "\n\n";
  return false;
}

void print_report(const BenchArguments& arguments, const BenchReport& report) {
  if (print_json(arguments, report)) {
    return;
  }
  std::cout << markdown_table(bench_table(report.rows));
  if (arguments.parts) {
    std::cout << "\n" << markdown_table(parts_table(report.rows, report.pictures));
  }
  if (const Table versus = versus_table(report.rows); !versus.rows.empty()) {
    std::cout << "\n" << markdown_table(versus);
  }
  if (!report.starts.empty()) {
    std::cout << "\n" << markdown_table(cold_table(report.starts));
  }
  if (report.peak_rss_mb) {
    std::cout << "\npeak memory of the process: " << fixed_text(*report.peak_rss_mb, 0) << " MB\n";
  }
}

void print_frames(const BenchArguments& arguments, const std::vector<FrameBench>& benches) {
  if (print_json(arguments, benches)) {
    return;
  }
  std::cout << markdown_table(frame_bench_table(benches));
  for (const FrameBench& bench : benches) {
    if (bench.rss_slope) {
      std::cout << "\nmemory of the process: " << fixed_text(bench.rss_mb, 0) << " MB, "
                << fixed_text(*bench.rss_slope, 2) << " KiB more per 1,000 frames ("
                << bench.rows.front().model << ")\n";
    }
  }
}

BenchFile read_bench_file(const std::string& path) {
  const Bytes bytes = read_file(path, kMostFileBytes);
  return parse_bench({bytes.begin(), bytes.end()}, path);
}

void compare_files(const BenchArguments& arguments) {
  const BenchFile before = read_bench_file(arguments.compared[0]);
  const BenchFile after = read_bench_file(arguments.compared[1]);
  const BenchChanges changes = compare_benches(before, after);
  const std::vector<std::string> unlike = list_unlike(before, after);
  for (const std::string& line : unlike) {
    print_warning("unlike runs: " + line);
  }
  if (arguments.format == "json") {
    std::cout << change_json(changes, unlike);
    return;
  }
  std::cout << markdown_table(change_table(changes));
  if (changes.unmatched > 0) {
    std::cout << "\nrows that only one of the files has: " << changes.unmatched << "\n";
  }
}

}  // namespace

int run_bench_verb(const Arguments& words) {
  CLI::App app;
  describe_app(app, "bench",
               "Times one step of each method, methods and networks taking turns on the same "
               "images, and its ratio to a plain pass.",
               "  zoa bench vit.zoa\n"
               "  zoa bench vit.zoa --parts --cold 3 --data imagenet:val\n"
               "  zoa bench vit-w8a8.zoa,vit-w6a6.zoa --batch 64 --reps 50 -o json > bench.json\n"
               "  zoa bench --compare old.json bench.json\n"
               "  zoa bench vit.zoa --frames 1000 --data npz:cifar10c.npz --domain fog\n");
  BenchArguments arguments;
  add_bench_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  if (!arguments.compared.empty()) {
    compare_files(arguments);
    return 0;
  }
  if (arguments.models.empty()) {
    fail(ErrorCode::InvalidArgument, "model is required (or --compare OLD.json NEW.json)");
  }
  arguments.sizes = parse_batches(arguments.batches);
  const auto requests = make_requests(arguments.methods, arguments.settings);
  arguments.options.log = warning_sink();
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  if (arguments.frames.frames > 0) {
    const auto models = load_models(arguments.models);
    const auto benches = bench_frames(arguments, requests, models, progress);
    progress.finish();
    print_frames(arguments, benches);
    return 0;
  }
  // First of all: what follows would warm the process for it.
  auto starts = time_cold_starts(split_paths(arguments.models), requests, arguments.sizes.front(),
                                 arguments.options);
  const std::vector<Model> models = load_models(arguments.models);
  BenchReport report = bench_batches(arguments, requests, models, progress);
  progress.finish();
  const std::vector<std::string> names = name_models(models, arguments.models);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    starts[i].model = names[i / requests.size()];
  }
  report.starts = std::move(starts);
  report.peak_rss_mb = peak_rss_mb();
  print_report(arguments, report);
  return 0;
}

}  // namespace zoa::cli
