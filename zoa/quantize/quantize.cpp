// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/quantize.h"

#include <map>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/options.h"
#include "zoa/engine/isa.h"
#include "zoa/graph/float_reason_ov.h"
#include "zoa/graph/import_ov.h"
#include "zoa/quantize/insert_ov.h"
#include "zoa/quantize/observe_ov.h"
#include "zoa/quantize/requantize_ov.h"
#include "zoa/quantize/source_stats_ov.h"

namespace zoa {

namespace {

constexpr int kBits = 8;
constexpr int kFullLimit = 127;
constexpr int kReducedLimit = 63;
constexpr std::size_t kLeastImages = 2;

bool use_reduced_range(const QuantizeOptions& options) {
  if (options.reduce_range == "auto") {
    return int8_products_saturate(running_isa());
  }
  if (options.reduce_range != "on" && options.reduce_range != "off") {
    fail(ErrorCode::InvalidArgument, "reduce_range '", options.reduce_range,
         "': expected auto, on or off");
  }
  return options.reduce_range == "on";
}

// One quantizer can serve several readers of a value, if they want the same kind.
struct PointKey {
  ov::Output<ov::Node> value;
  bool symmetric;
  bool operator<(const PointKey& other) const {
    return value < other.value || (value == other.value && symmetric < other.symmetric);
  }
};

class Quantizer {
 public:
  Quantizer(std::shared_ptr<ov::Model> network,
            const CalibrationData& calibration,
            QuantizeReport& report)
      : network_(std::move(network)),
        calibration_(calibration),
        report_(report),
        products_(find_products(network_)) {}

  void run(bool reduced) {
    observe();
    const RangeMethod method = parse_range_method(calibration_.options.range);
    for (const Product& product : products_) {
      QuantizedLayer layer{
          product.node->get_friendly_name(), to_string(product.kind), false, product.reason, 0, 0};
      if (product.reason.empty()) {
        quantize(product, method, reduced ? kReducedLimit : kFullLimit, layer);
      }
      report_.layers.push_back(layer);
    }
    network_->validate_nodes_and_infer_types();
  }

 private:
  void observe() {
    std::vector<ValueName> values;
    for (const Product& product : products_) {
      for (const ActivationPoint& point : product.activations) {
        if (!point.probability && index_.emplace(point.value, values.size()).second) {
          values.push_back(name_of(point.value));
        }
      }
    }
    histograms_.resize(values.size());
    report_.skipped =
        watch_values(network_, values, calibration_, "calibration",
                     [&](std::size_t index, std::span<const float> data,
                         const ov::Shape& /*shape*/) { histograms_[index].add(data); });
    report_.observed_values = values.size();
    check_images_left();
    for (std::size_t i = 0; i < values.size(); ++i) {
      report_.observer_bytes += histograms_[i].bytes();
      if (histograms_[i].non_finite() > 0 || histograms_[i].count() == 0) {
        fail(ErrorCode::UnsupportedModel, "value of '", values[i].node, "' holds ",
             histograms_[i].non_finite(), " infinities or NaNs on the calibration images");
      }
    }
  }

  void check_images_left() const {
    if (report_.images - report_.skipped < kLeastImages) {
      fail(ErrorCode::BadFile, calibration_.data.spec(), ": ", report_.skipped, " of ",
           report_.images, " calibration images cannot be decoded; at least ", kLeastImages,
           " sound ones are needed");
    }
  }

  QuantizerRange range_of(const Product& product,
                          const ActivationPoint& point,
                          RangeMethod method) const {
    if (point.probability) {
      return {0.0, 1.0, 1 << kBits};
    }
    const Histogram& histogram = histograms_[index_.at(point.value)];
    // A convolution pads with zeros: where nothing is negative, no zero point is needed at all.
    const bool symmetric =
        point.symmetric && !(product.kind == ProductKind::Convolution && histogram.min() >= 0);
    return find_range(histogram, kBits, symmetric, method);
  }

  void quantize(const Product& product, RangeMethod method, int limit, QuantizedLayer& layer) {
    for (const ActivationPoint& point : product.activations) {
      const QuantizerRange range = range_of(product, point, method);
      auto& quantizer = quantizers_[{point.value, point.symmetric}];
      if (quantizer.get_node() == nullptr) {
        quantizer = make_activation_quantizer(point.value, range);
      }
      product.node->input(point.input).replace_source_output(quantizer);
      if (&point == &product.activations.front()) {
        layer.activation_low = range.low;
        layer.activation_high = range.high;
      }
    }
    if (product.kind != ProductKind::Attention) {
      insert_weight_quantizer(product, limit);
    }
    layer.quantized = true;
  }

  std::shared_ptr<ov::Model> network_;
  const CalibrationData& calibration_;
  QuantizeReport& report_;
  std::vector<Product> products_;
  std::map<ov::Output<ov::Node>, std::size_t> index_;
  std::vector<Histogram> histograms_;
  std::map<PointKey, ov::Output<ov::Node>> quantizers_;
};

// What the products of a network quantized elsewhere stand on.
void report_kept(const std::shared_ptr<ov::Model>& network, QuantizeReport& report) {
  for (const Product& product : find_products(network)) {
    const std::string reason = float_reason(product);
    report.layers.push_back(
        {product.node->get_friendly_name(), to_string(product.kind), reason.empty(), reason, 0, 0});
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
  if (options.bits != "w8a8" && options.bits != "keep") {
    fail(ErrorCode::InvalidArgument, "bits '", options.bits,
         "': expected w8a8 or keep (lower bit widths are not built yet)");
  }
  if (options.bits != "keep" && options.requantize_attention) {
    fail(ErrorCode::InvalidArgument, "requantize_attention: changes quantizers of the file, which ",
         options.bits, " has none of; expected bits keep");
  }
  if (options.bits != "keep" && is_quantized(*model.graph().network)) {
    fail(ErrorCode::InvalidArgument, model.name(),
         ": is quantized already; take it as it is with --bits keep");
  }
  if (calibration_size(calibration) < kLeastImages) {
    fail(ErrorCode::InvalidArgument, calibration.data.spec(), ": ", calibration_size(calibration),
         " calibration images; at least 2 are needed, some hundreds are better");
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
    graph->quantization.kept = is_quantized(*graph->network);
    if (options.requantize_attention) {
      requantize_attention(graph->network);
    }
    report_kept(graph->network, result);
  } else {
    graph->quantization.reduced_range = use_reduced_range(options);
    Quantizer(graph->network, calibration, result).run(graph->quantization.reduced_range);
  }
  if (is_quantized(*graph->network)) {
    graph->quantization.weight_bits = kBits;
    graph->quantization.activation_bits = kBits;
  }
  result.images -= result.skipped;
  summarize(graph->quantization, result, calibration);
  graph->structure = find_structure(graph->network, graph->name);
  graph->folded = collect_folded_stats(*graph, calibration);
  graph->source_stats = collect_source_stats(Model(graph), calibration, false);
  if (has_batch_norm(graph->structure)) {
    graph->batch_stats = collect_source_stats(Model(graph), calibration, true);
  }
  if (graph->labels.empty()) {
    graph->labels = images.data.classes();
  }
  return Model(graph);
}

}  // namespace zoa
