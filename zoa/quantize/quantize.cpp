// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/quantize.h"

#include <filesystem>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/options.h"
#include "zoa/engine/isa.h"
#include "zoa/graph/float_reason_ov.h"
#include "zoa/model/folder_ov.h"
#include "zoa/quantize/collect_ov.h"
#include "zoa/quantize/planner_ov.h"
#include "zoa/quantize/requantize_ov.h"
#include "zoa/quantize/sensitivity_ov.h"
#include "zoa/quantize/source_stats_ov.h"

namespace zoa {

namespace {

constexpr std::size_t kLeastImages = 2;

bool use_reduced_range(const QuantizeOptions& options) {
  if (options.target != "native" && options.target != "any") {
    fail(ErrorCode::InvalidArgument, "target '", options.target, "': expected native or any");
  }
  if (options.reduce_range == "auto") {
    return options.target == "any" || int8_products_saturate(running_isa());
  }
  if (options.reduce_range != "on" && options.reduce_range != "off") {
    fail(ErrorCode::InvalidArgument, "reduce_range '", options.reduce_range,
         "': expected auto, on or off");
  }
  return options.reduce_range == "on";
}

// Everything that decides what the images are.
std::string describe_data(const CalibrationData& calibration) {
  return calibration.data.spec() + " (" + calibration.data.domains()[calibration.domain] + ", " +
         std::to_string(calibration_size(calibration)) + " images, hash " +
         std::to_string(calibration.data.hash()) + ", " + describe(calibration.preprocess) + ")";
}

CalibrationStatistics get_statistics(const ModelGraph& graph,
                                     const CalibrationData& calibration,
                                     QuantizeReport& report) {
  const std::string& file = calibration.options.calib_file;
  const std::string data = describe_data(calibration);
  if (!file.empty() && std::filesystem::exists(file)) {
    report.from_file = true;
    return load_statistics(file, graph.source_hash, data);
  }
  CalibrationStatistics statistics = collect_statistics(graph.network, calibration);
  statistics.model_hash = graph.source_hash;
  statistics.data = data;
  if (!file.empty()) {
    save_statistics(statistics, file);
  }
  return statistics;
}

void report_statistics(const CalibrationStatistics& statistics, QuantizeReport& report) {
  report.images = statistics.images + statistics.skipped;
  report.skipped = statistics.skipped;
  report.observed_values = statistics.values.size();
  for (const auto& [key, value] : statistics.values) {
    report.observer_bytes += value.histogram.bytes() + value.rows.size() * sizeof(float);
  }
  for (const auto& [key, moments] : statistics.moments) {
    report.observer_bytes += (moments.second.size() + moments.mean.size()) * sizeof(float);
  }
}

bool reads_input(const Product& product) {
  return is_op(*product.node->get_input_node_ptr(0), "Parameter");
}

// The widths of every product: the network's, first and last layer, then the rules.
PlannedWidths choose_widths(const std::vector<Product>& products,
                            const Structure& structure,
                            const QuantizeOptions& options) {
  std::vector<LayerRule> rules;
  rules.reserve(options.layers.size());
  for (const std::string& text : options.layers) {
    rules.push_back(parse_layer_rule(text));
  }
  std::vector<bool> matched(rules.size(), false);
  const bool cnn = structure.family == Family::Cnn;
  const std::string head = structure.head->get_friendly_name();
  PlannedWidths planned;
  for (const Product& product : products) {
    const std::string& name = product.node->get_friendly_name();
    BitWidths bits = parse_bits(options.bits);
    if (cnn && (reads_input(product) || name == head)) {
      bits = {kFullBits, kFullBits};
    } else if (reads_input(product)) {
      bits.activations = kFullBits;
    }
    bool fixed = false;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (std::regex_search(to_string(product.kind) + (" " + name), rules[i].pattern)) {
        bits = rules[i].bits;
        matched[i] = fixed = true;
      }
    }
    planned.widths.push_back(bits);
    planned.fixed.push_back(fixed);
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!matched[i]) {
      fail(ErrorCode::InvalidArgument, "layer rule '", options.layers[i], "': matches none of the ",
           products.size(), " layers; 'zoa inspect' lists their names");
    }
  }
  return planned;
}

void check_images_left(const CalibrationStatistics& statistics, const CalibrationData& data) {
  if (statistics.images < kLeastImages) {
    fail(ErrorCode::BadFile, data.data.spec(), ": ", statistics.skipped, " of ",
         statistics.images + statistics.skipped, " calibration images cannot be decoded; at least ",
         kLeastImages, " sound ones are needed");
  }
}

// Layers whose widths are not the network's.
std::vector<LayerException> list_exceptions(const std::vector<QuantizedLayer>& layers,
                                            const BitWidths& bits) {
  std::vector<LayerException> exceptions;
  for (const QuantizedLayer& layer : layers) {
    const bool attention = layer.weight_bits == kFloatBits && layer.quantized;
    const BitWidths own{attention ? bits.weights : layer.weight_bits, layer.activation_bits};
    if (!(own == bits)) {
      exceptions.push_back({layer.name, to_string(own)});
    }
  }
  return exceptions;
}

void summarize_sensitivity(const QuantizeReport& report, QuantizationSummary& summary) {
  const SensitivityReport& found = report.sensitivity;
  summary.max_drop = found.max_drop;
  summary.drop = found.drop;
  summary.drop_measure = found.measure;
  for (const LayerSensitivity& layer : found.ranking) {
    summary.sensitivity.push_back({report.layers[layer.layer].name, layer.divergence});
  }
}

void quantize_network(ModelGraph& graph,
                      const CalibrationData& calibration,
                      QuantizeReport& report) {
  const QuantizeOptions& options = calibration.options;
  QuantizationSummary& summary = graph.quantization;
  summary.reduced_range = use_reduced_range(options);
  if (options.range != "auto") {
    parse_range_method(options.range);
  }
  PlannedWidths planned = choose_widths(find_products(graph.network), graph.structure, options);
  const CalibrationStatistics statistics = get_statistics(graph, calibration, report);
  report_statistics(statistics, report);
  check_images_left(statistics, calibration);
  Planner planner(graph.network, graph.structure, statistics, options, summary.reduced_range);
  if (options.max_drop > 0 || options.sensitivity) {
    report.sensitivity = search_widths(graph, planner, calibration, planned);
  }
  graph.network = planner.build(planned.widths, &report.layers);
  describe_layers(report.sensitivity, report.layers);
  const BitWidths bits = parse_bits(options.bits);
  summary.weight_bits = bits.weights;
  summary.activation_bits = bits.activations;
  summary.exceptions = list_exceptions(report.layers, bits);
  summarize_sensitivity(report, summary);
}

// What the products of a network quantized elsewhere stand on.
void report_kept(const std::shared_ptr<ov::Model>& network, QuantizeReport& report) {
  for (const Product& product : find_products(network)) {
    QuantizedLayer layer;
    layer.name = product.node->get_friendly_name();
    layer.kind = to_string(product.kind);
    layer.reason = float_reason(product);
    layer.quantized = layer.reason.empty();
    report.layers.push_back(layer);
  }
}

void summarize(QuantizationSummary& summary,
               const QuantizeReport& report,
               const CalibrationData& calibration) {
  summary.products = report.layers.size();
  for (const QuantizedLayer& layer : report.layers) {
    summary.quantized += layer.quantized ? 1U : 0U;
  }
  summary.calibration = calibration.data.spec();
  summary.calibration_images = report.images;
  summary.calibration_hash = std::to_string(calibration.data.hash());
  summary.cpu = cpu_model();
  summary.isa = running_isa();
}

void check(const Model& model, const CalibrationData& calibration) {
  const QuantizeOptions& options = calibration.options;
  check_options(options);
  if (options.bits == "keep" && (options.max_drop > 0 || options.sensitivity)) {
    fail(ErrorCode::InvalidArgument, options.max_drop > 0 ? "max_drop" : "sensitivity",
         ": bits keep leaves the network's widths as they are; expected bits w2a2 to w8a8");
  }
  if (options.bits != "keep") {
    parse_bits(options.bits);
    if (options.requantize_attention) {
      fail(ErrorCode::InvalidArgument,
           "requantize_attention: changes quantizers of the file, which ", options.bits,
           " replaces; expected bits keep");
    }
    if (is_quantized(*model.graph().network)) {
      fail(ErrorCode::InvalidArgument, model.name(),
           ": is quantized already; take it as it is with --bits keep");
    }
  }
  if (calibration_size(calibration) < kLeastImages) {
    fail(ErrorCode::InvalidArgument, calibration.data.spec(), ": ", calibration_size(calibration),
         " calibration images; at least 2 are needed, some hundreds are better");
  }
}

void keep_network(ModelGraph& graph, QuantizeReport& report) {
  graph.quantization.kept = is_quantized(*graph.network);
  report_kept(graph.network, report);
  if (graph.quantization.kept) {
    graph.quantization.weight_bits = kFullBits;
    graph.quantization.activation_bits = kFullBits;
  }
}

}  // namespace

Model quantize(const Model& model,
               const CalibrationImages& images,
               const QuantizeOptions& options,
               QuantizeReport* report,
               const QuantizeProgress& progress) {
  QuantizeReport own;
  QuantizeReport& result = report != nullptr ? *report : own;
  result = {};
  const CalibrationData calibration{images.data, images.domain, model.preprocess(), options,
                                    progress};
  check(model, calibration);
  result.images = calibration_size(calibration);
  auto graph = std::make_shared<ModelGraph>(model.graph());
  graph->network = model.graph().network->clone();
  if (options.bits == "keep") {
    if (options.requantize_attention) {
      requantize_attention(graph->network);
    }
    keep_network(*graph, result);
  } else {
    quantize_network(*graph, calibration, result);
  }
  result.images -= result.skipped;
  summarize(graph->quantization, result, calibration);
  graph->hash = compute_network_hash(*graph);
  graph->structure = find_structure(graph->network, graph->name);
  graph->folded = collect_folded_stats(*graph, calibration);
  graph->source_stats = collect_source_stats(Model(graph), calibration, false);
  if (has_batch_norm(graph->structure)) {
    graph->batch_stats = collect_source_stats(Model(graph), calibration, true);
  }
  graph->sites = collect_site_stats(Model(graph), calibration, options.covariance);
  if (graph->labels.empty()) {
    graph->labels = images.data.classes();
  }
  return Model(graph);
}

}  // namespace zoa
