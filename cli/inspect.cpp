// SPDX-License-Identifier: Apache-2.0
// zoa inspect: prints what a network is and what runs on which kernels.
#include "zoa/engine/inspect.h"

#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>

#include "zoa/eval/table.h"

#include "cli/command_line.h"
#include "cli/model_source.h"

namespace zoa::cli {
namespace {

using Json = nlohmann::ordered_json;

std::size_t count_int8(const Inspection& facts) {
  return static_cast<std::size_t>(std::count_if(facts.kernels.begin(), facts.kernels.end(),
                                                [](const KernelFacts& k) { return k.int8; }));
}

Json norms_json(const Inspection& facts) {
  Json json = Json::array();
  for (const NormFacts& norm : facts.norms) {
    json.push_back({{"layer", norm.layer},
                    {"graph_name", norm.graph_name},
                    {"kind", norm.kind},
                    {"channels", norm.channels},
                    {"adapted", norm.adapted}});
  }
  return json;
}

Json kernels_json(const Inspection& facts) {
  Json json = Json::array();
  for (const KernelFacts& kernel : facts.kernels) {
    json.push_back({{"layer", kernel.layer},
                    {"kind", kernel.kind},
                    {"kernel", kernel.kernel},
                    {"int8", kernel.int8},
                    {"reason", kernel.reason}});
  }
  return json;
}

void print_json(const Model& model, const Inspection& facts) {
  Json json{{"name", model.name()},
            {"family", facts.family},
            {"classes", model.classes()},
            {"blocks", facts.blocks},
            {"stages", facts.stages},
            {"reads", facts.reads},
            {"stem", facts.stem},
            {"stem_channels", facts.stem_channels},
            {"adapted_parameters", facts.adapted_parameters},
            {"multiplications", facts.multiplications},
            {"prefix_share", facts.prefix_share},
            {"int8", count_int8(facts)},
            {"products", facts.kernels.size()},
            {"preprocess", describe(model.preprocess())}};
  json["norms"] = norms_json(facts);
  json["taps"] = Json::array();
  for (const TapInfo& tap : facts.taps) {
    json["taps"].push_back({{"name", tap.name}, {"offset", tap.offset}, {"width", tap.width}});
  }
  json["kernels"] = kernels_json(facts);
  std::cout << json.dump(2) << "\n";
}

std::string stages_text(const Inspection& facts) {
  std::string text;
  for (const std::size_t stage : facts.stages) {
    text += (text.empty() ? " (stages of " : ", ") + std::to_string(stage);
  }
  return text.empty() ? "" : text + ")";
}

void print_head(const Model& model, const Inspection& facts) {
  const auto adapted = std::count_if(facts.norms.begin(), facts.norms.end(),
                                     [](const NormFacts& norm) { return norm.adapted; });
  std::size_t width = 0;
  for (const TapInfo& tap : facts.taps) {
    width += tap.width;
  }
  std::cout << "network        " << model.name() << ", " << model.classes() << " classes\n"
            << "family         " << facts.family << ", " << facts.blocks << " blocks"
            << stages_text(facts) << ", the head reads the " << facts.reads << "\n"
            << "preprocessing  " << describe(model.preprocess()) << "\n"
            << "norms          " << facts.norms.size() << ", " << adapted << " adapted ("
            << facts.adapted_parameters << " parameters)\n"
            << "taps           " << facts.taps.size() << ", " << width << " features\n"
            << "stem           " << facts.stem << ", " << facts.stem_channels << " channels\n"
            << "work           " << fixed_text(facts.multiplications / 1e6, 1)
            << " million multiplications an image, " << fixed_text(facts.prefix_share * 100, 1)
            << " % before the first adapted norm\n";
}

void print_tables(const Inspection& facts) {
  Table norms{{"norm", "kind", "channels", "adapted", "name in the file"}, {}, 0, 5};
  for (const NormFacts& norm : facts.norms) {
    norms.rows.push_back({norm.layer, norm.kind, std::to_string(norm.channels),
                          norm.adapted ? "yes" : "no", norm.graph_name});
  }
  Table kernels{{"layer", "kind", "runs in", "kernel", "why float"}, {}, 0, 5};
  for (const KernelFacts& kernel : facts.kernels) {
    kernels.rows.push_back(
        {kernel.layer, kernel.kind, kernel.int8 ? "int8" : "float", kernel.kernel, kernel.reason});
  }
  std::cout << "\n" << text_table(norms) << "\n" << text_table(kernels);
}

}  // namespace

int run_inspect(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "inspect",
               "Prints what a network is, what adaptation would change and which "
               "kernels run.",
               "  zoa inspect models/fashion-vit.onnx\n"
               "  zoa inspect vit.zoa --json | jq .kernels\n"
               "  zoa inspect vit.zoa --adapt 'blocks\\.[0-3]\\.'\n");
  std::string path;
  std::string adapt;
  bool json = false;
  app.add_option("model", path, "model folder (.zoa) or network file (.onnx, .xml, .tflite)")
      ->required();
  app.add_option("--adapt", adapt, "pick the adapted norms by name")->type_name("REGEX");
  app.add_flag("--json", json, "one JSON object instead of tables");
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  const Model model = load_any_model(path);
  const Inspection facts = inspect(model, adapt);
  if (json) {
    print_json(model, facts);
    return 0;
  }
  print_head(model, facts);
  print_tables(facts);
  std::cout << "\nint8: " << count_int8(facts) << " of " << facts.kernels.size() << " products\n";
  return 0;
}

}  // namespace zoa::cli
