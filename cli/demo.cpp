// SPDX-License-Identifier: Apache-2.0
// zoa demo: the main job on what a clone and a Debian package bring. Two small float networks are
// quantized, then run through shifted test images without and with adaptation; a page shows the
// rest.
#include <filesystem>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/eval/report.h"
#include "zoa/eval/table.h"
#include "zoa/quantize/quantize.h"

#include "cli/eval_arguments.h"
#include "cli/interrupt.h"
#include "cli/model_source.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kDebianData[] = "mnist:/usr/share/datasets/fashion-mnist";
// Two of each published group: noise, blur, weather, digital.
constexpr char kShifts[] =
    "gaussian_noise,impulse_noise,defocus_blur,motion_blur,fog,brightness,contrast,"
    "jpeg_compression";

struct DemoArguments {
  std::string output = "demo-out";
  std::string data = kDebianData;
  std::string models;
  std::int64_t images = 1024;
  std::int64_t threads = 0;
  bool quiet = false;

  template <class F>
  void visit(F&& f) {
    f(images, OptionMeta{"images", "test images per shift", 64, 10000});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
  }
};

// Beside the present folder, else beside the program's build folder.
fs::path find_models(const std::string& given) {
  if (!given.empty()) {
    return given;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const fs::path& folder :
       {fs::path("models"), program.parent_path().parent_path() / "models"}) {
    if (fs::exists(folder / "fashion-vit.onnx", error)) {
      return folder;
    }
  }
  fail(ErrorCode::Io, "models/fashion-vit.onnx: not found here; give its folder with --models DIR");
}

std::shared_ptr<const Dataset> open_images(const std::string& spec) {
  std::error_code error;
  if (spec == kDebianData && !fs::exists(fs::path(kDebianData).string().substr(6), error)) {
    fail(ErrorCode::Io, kDebianData,
         ": not installed; 'apt-get install dataset-fashion-mnist' brings it, or give --data SPEC");
  }
  return open_dataset(spec);
}

std::string make_model(const fs::path& file,
                       const Dataset& data,
                       const DemoArguments& arguments,
                       Progress& progress) {
  const fs::path folder = fs::path(arguments.output) / (file.stem().string() + ".zoa");
  PreprocessFlags flags;
  flags.preset = "inception";
  const Model model = Model::from_file(file, make_preprocess(flags, read_input_size(file)));
  QuantizeOptions options;
  options.threads = arguments.threads;
  const Model quantized = quantize(model, {data, calib_domain(data)}, options, nullptr,
                                   [&](const std::string& phase, std::size_t done,
                                       std::size_t total) { progress.show(phase, done, total); });
  quantized.save(folder);
  progress.print("    " + folder.string() + ": " + bits_text(quantized.quantization()) +
                 ", int8: " + std::to_string(quantized.quantization().quantized) + " of " +
                 std::to_string(quantized.quantization().products) + " products");
  return folder.string();
}

EvalArguments eval_arguments(const DemoArguments& arguments, const std::string& folder) {
  EvalArguments eval;
  eval.models = folder;
  eval.data.spec = arguments.data;
  eval.data.corrupt = kShifts;
  eval.options.limit = arguments.images;
  eval.options.threads = arguments.threads;
  return eval;
}

Run evaluate(const Model& model,
             const Dataset& data,
             const EvalPlan& plan,
             LineFile& records,
             Progress& progress) {
  EvalHooks hooks;
  hooks.line = [&](const std::string& line) { records.write(line); };
  hooks.stop = is_interrupted;
  hooks.progress = [&](const EvalProgress& p) {
    progress.show("    " + model.name() + " " + p.domain, p.done, p.total);
  };
  return run_eval(model, data, plan, hooks);
}

// The same images without a shift: what the network can do at best.
double clean_accuracy(const Model& model, const Dataset& data, const EvalOptions& options) {
  EvalPlan plan;
  plan.methods = {{"noadapt", {}}};
  plan.options = options;
  plan.options.domains = {"test"};
  return run_eval(model, data, plan, {}).summaries.front().top1.value_or(0);
}

void print_result(const Run& run, double clean) {
  std::cout << "\n"
            << run.header.model << ", " << run.header.bits << ": top-1 accuracy in percent"
            << " (same images without a shift: " << percent_text(clean) << ")\n"
            << text_table(accuracy_table(run, {true})) << "\n"
            << text_table(cost_table(run)) << std::flush;
}

std::vector<Run> run_all(const std::vector<std::string>& folders,
                         const std::shared_ptr<const Dataset>& data,
                         const DemoArguments& arguments,
                         Progress& progress) {
  LineFile records((fs::path(arguments.output) / "run.jsonl").string());
  std::vector<Run> runs;
  for (const std::string& folder : folders) {
    const EvalArguments eval = eval_arguments(arguments, folder);
    const Model model = Model::load(folder);
    EvalPlan plan;
    plan.methods = make_requests(eval.methods, {});
    plan.options = eval.options;
    plan.command = eval_command(eval);
    const double clean = clean_accuracy(model, *data, plan.options);
    runs.push_back(evaluate(model, *corrupt_source(data, eval.data), plan, records, progress));
    progress.finish();
    print_result(runs.back(), clean);
    if (is_interrupted()) {
      break;
    }
  }
  return runs;
}

void add_flags(CLI::App& app, DemoArguments& arguments) {
  app.add_option("-o,--output", arguments.output, "folder for models, records and the page")
      ->type_name("DIR")
      ->default_str(arguments.output);
  app.add_option("--data", arguments.data, "Fashion-MNIST")
      ->type_name("SPEC")
      ->default_str(arguments.data);
  app.add_option("--models", arguments.models, "folder of fashion-vit.onnx and fashion-resnet.onnx")
      ->type_name("DIR")
      ->default_str("models");
  add_option_flags(app, arguments);
  app.add_flag("--quiet", arguments.quiet, "results only");
}

}  // namespace

int run_demo(const Arguments& words) {
  CLI::App app;
  describe_app(app, "demo",
               "Quantizes two small networks to 8 bits and lets them adapt to shifted "
               "images. Takes some minutes and needs no network connection.",
               "  zoa demo\n  zoa demo -o /dev/shm/demo --images 512\n");
  DemoArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  progress.print(machine_line());
  const fs::path models = find_models(arguments.models);
  const std::shared_ptr<const Dataset> data = open_images(arguments.data);
  std::error_code error;
  fs::create_directories(arguments.output, error);
  const std::string page = (fs::path(arguments.output) / "index.html").string();
  check_writable(page);
  catch_interrupts();

  progress.print("\n1/3 Quantize two float networks with 300 training images of " + arguments.data);
  std::vector<std::string> folders;
  for (const char* name : {"fashion-vit.onnx", "fashion-resnet.onnx"}) {
    folders.push_back(make_model(models / name, *data, arguments, progress));
  }
  progress.print("\n2/3 Run them over " + std::to_string(arguments.images) +
                 " test images under 8 shifts (severity 5), one shift after the other, no labels:\n"
                 "    noadapt answers as shipped, zoa adapts with two forward passes per batch; "
                 "they take turns");
  const std::vector<Run> runs = run_all(folders, data, arguments, progress);

  progress.print("\n3/3 Write the page");
  ReportOptions report;
  report.title = "Two 8-bit networks meet shifted images";
  report.command = "zoa demo --images " + std::to_string(arguments.images);
  write_file_atomic(page, html_report(runs, report));
  std::cout << "\n";
  for (const Run& run : runs) {
    std::cout << gain_sentence(run) << ".\n";
  }
  std::cout << "Page with plots: " << page << "\n";
  return is_interrupted() ? kInterrupted : 0;
}

}  // namespace zoa::cli
