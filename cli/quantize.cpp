// SPDX-License-Identifier: Apache-2.0
// zoa quantize: a network and calibration images in, a model folder out.
#include "zoa/quantize/quantize.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/quantize_report.h"
#include "zoa/eval/run.h"
#include "zoa/model/labels.h"

#include "cli/command_line.h"
#include "cli/data_source.h"
#include "cli/model_source.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWorstPrinted = 10;

struct QuantizeArguments {
  std::string model;
  std::string calib;
  std::string domain;
  std::string labels;
  std::string output;
  std::string report;
  bool quiet = false;
  PreprocessFlags preprocess;
  QuantizeOptions options;
};

void add_flags(CLI::App& app, QuantizeArguments& arguments) {
  app.add_option("model", arguments.model, "network file: .onnx, .xml or .tflite")->required();
  app.add_option("--calib", arguments.calib, kSpecHelp)->type_name("SPEC")->required();
  app.add_option("-o,--output", arguments.output, "model folder to write")
      ->type_name("NAME.zoa")
      ->required();
  app.add_option("--domain", arguments.domain, "domain of the calibration images")
      ->type_name("NAME");
  app.add_option("--labels", arguments.labels, "class names, one a line")->type_name("FILE");
  add_option_flags(app, arguments.options);
  app.add_option(
         "--layer", arguments.options.layers,
         "widths of the layers whose \"KIND NAME\" matches (may be given several times; the "
         "last match wins)")
      ->type_name("REGEX=BITS")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--report", arguments.report,
                 "also write a page on every layer; measures --sensitivity")
      ->type_name("FILE.html|FILE.md");
  app.add_flag("--quiet", arguments.quiet, "no progress");
  add_preprocess_flags(app, arguments.preprocess);
}

// Found now rather than after minutes of work.
void check_output(const std::string& output) {
  std::error_code error;
  const fs::path folder(output);
  if (fs::exists(folder, error) && !fs::exists(folder / "zoa.json", error) &&
      !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    fail(ErrorCode::InvalidArgument, output,
         ": exists and is not a model folder (no zoa.json); choose another name for -o");
  }
  fs::path parent = folder.lexically_normal();
  while (!parent.empty() && !fs::exists(parent, error)) {
    parent = parent.parent_path();
  }
  check_writable((parent.empty() ? fs::path(".") : parent) / "model.xml");
}

bool is_html(const std::string& path) {
  return fs::path(path).extension() == ".html";
}

void check_report(const QuantizeArguments& arguments) {
  const std::string& path = arguments.report;
  if (path.empty()) {
    return;
  }
  if (!is_html(path) && fs::path(path).extension() != ".md") {
    fail(ErrorCode::InvalidArgument, "--report ", path,
         ": unknown kind of page; expected a name that ends in .html or .md");
  }
  if (arguments.options.bits == "keep") {
    fail(ErrorCode::InvalidArgument, "--report ", path,
         ": with --bits keep there is nothing to measure; 'zoa inspect' lists the layers");
  }
  check_writable(path);
}

// The network with its preprocessing and the labels of --labels, before the data are looked at.
Model open_network(const QuantizeArguments& arguments) {
  if (Model::is_folder(arguments.model)) {
    fail(ErrorCode::BadFile, arguments.model,
         ": a folder; expected a network file (.onnx, .xml, .tflite)");
  }
  std::vector<std::string> labels;
  if (!arguments.labels.empty()) {
    labels = read_labels(arguments.labels);
  }
  const PreprocessSpec spec =
      make_preprocess(arguments.preprocess, read_input_size(arguments.model));
  std::cerr << "PREPROCESSING: " << describe(spec) << "\n" << std::flush;
  return with_labels(Model::from_file(arguments.model, spec), std::move(labels), arguments.labels);
}

void print_sensitivity(const QuantizeReport& report) {
  const SensitivityReport& found = report.sensitivity;
  std::cout << "\n" << text_table(ranking_table(report, kWorstPrinted));
  if (found.ranking.size() > kWorstPrinted) {
    std::cout << "... and " << found.ranking.size() - kWorstPrinted << " more\n";
  }
  std::cout << "\n" << drop_line(found) << "\n";
  if (!found.met) {
    std::cout << "warning: " << drop_warning(found) << "\n";
  }
}

void print_report(const Model& model, const QuantizeReport& report, const std::string& output) {
  const QuantizationSummary& summary = model.quantization();
  std::cout << "model: " << output << " (" << bits_text(summary)
            << (summary.kept ? ", quantized elsewhere" : "")
            << (summary.reduced_range ? ", safe without VNNI: at most 7 bits for weights, k and v"
                                      : "")
            << ")\n"
            << "calibration: " << report.images << " images";
  if (report.skipped > 0) {
    std::cout << ", " << report.skipped << " left out (not decodable)";
  }
  if (report.observed_values > 0) {
    std::cout << (report.from_file ? ", statistics from the file, " : ", ")
              << report.observed_values << " values watched in "
              << fixed_text(static_cast<double>(report.observer_bytes) / 1048576.0, 1)
              << " MiB whatever the number of images";
  }
  if (summary.kept && int8_products_saturate(running_isa())) {
    std::cout << "\nwarning: products of full 8-bit weights can saturate on this processor ("
              << running_isa() << ", no VNNI); 'zoa quantize' of the float network avoids that";
  }
  std::cout << "\nint8: " << summary.quantized << " of " << summary.products << " products\n";
  for (const QuantizedLayer& layer : report.layers) {
    if (!layer.quantized) {
      std::cout << "float: " << layer.name << " (" << layer.kind << "): " << layer.reason << "\n";
    }
  }
  if (report.sensitivity.measured()) {
    print_sensitivity(report);
  }
}

void write_report(const QuantizeArguments& arguments,
                  const Arguments& words,
                  const Model& model,
                  const QuantizeReport& report) {
  QuantizePage page{
      model.name(),      model.quantization(), report, list_options(arguments.options),
      runtime_version(), "zoa quantize"};
  for (const std::string& word : words) {
    page.command += " " + shell_word(word);
  }
  write_file_atomic(arguments.report,
                    is_html(arguments.report) ? quantize_html(page) : quantize_markdown(page));
  std::cout << "report: " << arguments.report << "\n";
}

}  // namespace

int run_quantize(const Arguments& words) {
  CLI::App app;
  describe_app(app, "quantize",
               "Quantizes a network after training and collects the statistics "
               "that adaptation needs.",
               "  zoa quantize vit.onnx --calib images:calib -o vit.zoa\n"
               "  zoa quantize vit.onnx --calib npz:cifar10c.npz --preset inception -o vit.zoa\n"
               "  zoa quantize vit.onnx --calib images:calib --bits w4a4 --max-drop 0.01 "
               "--report vit.html -o vit.zoa\n"
               "  zoa quantize int8.xml --calib images:calib --bits keep -o int8.zoa\n");
  QuantizeArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  check_output(arguments.output);
  check_report(arguments);
  arguments.options.sensitivity = arguments.options.sensitivity || !arguments.report.empty();
  Model model = open_network(arguments);
  const auto data = open_dataset(arguments.calib, DatasetOptions{arguments.labels, {5}});
  const std::size_t domain =
      arguments.domain.empty() ? calib_domain(*data) : find_domain(*data, arguments.domain);
  if (arguments.labels.empty()) {
    model = with_labels(model, data->classes(), arguments.calib);
  }
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  QuantizeReport report;
  const Model quantized = quantize(model, {*data, domain}, arguments.options, &report,
                                   [&](const std::string& phase, std::size_t done,
                                       std::size_t total) { progress.show(phase, done, total); });
  progress.finish();
  quantized.save(arguments.output);
  print_report(quantized, report, arguments.output);
  if (!arguments.report.empty()) {
    write_report(arguments, words, quantized, report);
  }
  return 0;
}

}  // namespace zoa::cli
