// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "zoa/core/threads.h"
#include "zoa/quantize/attention_plan.h"
#include "zoa/quantize/collect_ov.h"
#include "zoa/quantize/insert_ov.h"
#include "zoa/quantize/planner_ov.h"

namespace zoa {

namespace {

constexpr int kReconstructBelow = 7;  // bits; above, nearest codes are as good

bool is_symmetric(const Product& product,
                  const ActivationPoint& point,
                  const ValueStatistics& value) {
  // A convolution pads with zeros: where nothing is negative, no zero point is needed at all.
  return point.symmetric &&
         !(product.kind == ProductKind::Convolution && value.histogram.min() >= 0);
}

}  // namespace

Planner::Planner(const std::shared_ptr<const ov::Model>& network,
                 const Structure& structure,
                 const CalibrationStatistics& statistics,
                 const QuantizeOptions& options,
                 bool reduced_range)
    : network_(network->clone()),
      products_(find_products(network_)),
      statistics_(statistics),
      options_(options),
      reduced_range_(reduced_range) {
  for (const Norm& norm : structure.norms) {
    // Without an affine of its own, the equalizer behind a norm would be taken for one.
    if (norm.kind == NormKind::LayerNorm && norm.multiply != nullptr && norm.add != nullptr) {
      norm_outputs_.push_back(value_key(norm.output));
    }
  }
}

bool Planner::is_norm_output(const std::string& key) const {
  return std::find(norm_outputs_.begin(), norm_outputs_.end(), key) != norm_outputs_.end();
}

// The products that share a quantizer with this one: same value, same kind of quantizer, same bits.
std::vector<std::size_t> Planner::readers_of(std::size_t product,
                                             std::size_t point,
                                             const std::vector<BitWidths>& widths) const {
  const Product& own = products_[product];
  const ActivationPoint& wanted = own.activations[point];
  std::vector<std::size_t> readers;
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const Product& other = products_[i];
    const bool reads = std::any_of(
        other.activations.begin(), other.activations.end(), [&](const ActivationPoint& p) {
          return p.value == wanted.value && p.symmetric == wanted.symmetric;
        });
    if (reads && other.reason.empty() && other.kind == own.kind && widths[i] == widths[product]) {
      readers.push_back(i);
    }
  }
  return readers;
}

Equalizer Planner::attention_equalizer(const Product& product,
                                       const ActivationPoint& point,
                                       std::size_t heads) const {
  const auto statistics = [&](std::size_t i) -> const ValueStatistics& {
    return statistics_.values.at(value_key(product.activations[i].value));
  };
  if (!options_.equalize) {
    return {};
  }
  if (point.per_channel) {
    return centre_value(statistics(1));
  }
  return point.input == 0 ? equalize_query(statistics(0), statistics(1), heads)
                          : equalize_key(statistics(0), statistics(1), heads);
}

ActivationReader Planner::make_reader(std::size_t product, int bits) const {
  return {read_weights(products_[product]), weight_shape(products_[product]),
          grid_rule(bits, reduced_range_)};
}

const ActivationPlan& Planner::activation_plan(std::size_t product,
                                               std::size_t point,
                                               const std::vector<BitWidths>& widths,
                                               std::string& key) {
  const Product& own = products_[product];
  const ActivationPoint& wanted = own.activations[point];
  const std::string name = value_key(wanted.value);
  const auto readers = readers_of(product, point, widths);
  key = name + "|" + std::to_string(point) + "|" + to_string(widths[product]);
  for (const std::size_t reader : readers) {
    key += "|" + std::to_string(reader);
  }
  const auto found = activations_.find(key);
  if (found != activations_.end()) {
    return found->second;
  }
  const ValueStatistics& value = statistics_.values.at(name);
  ActivationRequest request;
  request.bits = widths[product].activations;
  if (own.kind == ProductKind::Attention && wanted.input == 1 && reduced_range_) {
    // Products of two activations saturate as those with weights do: the right factor (k, v) must
    // stay within +-64, whatever the left one is.
    request.bits = std::min(request.bits, kReducedBits);
  }
  request.symmetric = is_symmetric(own, wanted, value);
  request.probability = wanted.probability;
  const bool few_bits = widths[product].activations < kFullBits;
  request.twin = options_.twin && few_bits;
  request.method = options_.range == "auto" ? (few_bits ? RangeMethod::Output : RangeMethod::Mse)
                                            : parse_range_method(options_.range);
  request.shift = is_norm_output(name);
  request.equalize = options_.equalize && few_bits && request.shift;
  if (few_bits && options_.heads && wanted.channel_axis != 0 && value.channels > 0) {
    const std::size_t heads = channels_of(wanted.value, 1);
    request.groups = wanted.per_channel ? value.channels : heads;
    request.given = attention_equalizer(own, wanted, heads);
  }
  if (own.kind != ProductKind::Attention) {
    for (const std::size_t reader : readers) {
      request.readers.push_back(make_reader(reader, widths[reader].weights));
    }
  }
  return activations_[key] = plan_activation(value, request);
}

const LayerPlan& Planner::layer_plan(std::size_t product,
                                     const BitWidths& bits,
                                     const ActivationPlan& activation,
                                     const std::string& activation_key) {
  const std::string key = std::to_string(product) + "|" + activation_key;
  const auto found = layers_.find(key);
  if (found != layers_.end()) {
    return found->second;
  }
  const Product& own = products_[product];
  const std::vector<float> weights = read_weights(own);
  LayerRequest request{weights, weight_shape(own)};
  request.bits = bits.weights;
  request.reduced_range = reduced_range_;
  request.reconstruct = options_.reconstruct && bits.weights < kReconstructBelow;
  request.correct_bias = options_.correct_bias && has_place_for_bias(own);
  request.threads = static_cast<std::size_t>(threads_or_available(options_.threads));
  const auto moments = statistics_.moments.find(moments_key(own));
  return layers_[key] =
             plan_layer(request, activation,
                        moments == statistics_.moments.end() ? nullptr : &moments->second);
}

// One copy being made.
class Planner::Build {
 public:
  Build(Planner& planner, const std::vector<BitWidths>& widths)
      : planner_(planner),
        widths_(widths),
        copy_(planner.network_->clone()),
        products_(find_products(copy_)) {}

  QuantizedLayer quantize(std::size_t index) {
    const Product& product = products_[index];
    QuantizedLayer layer;
    layer.name = product.node->get_friendly_name();
    layer.kind = to_string(product.kind);
    layer.reason = product.reason;
    if (!product.reason.empty()) {
      return layer;
    }
    if (widths_[index].is_float()) {
      layer.reason = "kept float by a rule";
      return layer;
    }
    layer.quantized = true;
    layer.weight_bits =
        product.kind == ProductKind::Attention ? kFloatBits : widths_[index].weights;
    layer.activation_bits = widths_[index].activations;
    for (std::size_t point = product.activations.size(); point-- > 0;) {
      const ActivationPlan& plan = quantize_input(index, point);
      layer.activation_low = plan.range.low;
      layer.activation_high = plan.range.high;
      layer.twin = layer.twin || plan.twin.has_value();
      layer.equalized = layer.equalized || !plan.equalizer.empty();
    }
    return layer;
  }

  std::shared_ptr<ov::Model> finish() {
    copy_->validate_nodes_and_infer_types();
    return copy_;
  }

 private:
  const ActivationPlan& quantize_input(std::size_t index, std::size_t point) {
    const Product& product = products_[index];
    const ActivationPoint& activation = product.activations[point];
    std::string key;
    const ActivationPlan& plan = planner_.activation_plan(index, point, widths_, key);
    auto& quantizer = quantizers_[key];
    if (quantizer.get_node() == nullptr) {
      quantizer = make_activation_quantizer(activation, plan);
    }
    product.node->input(activation.input).replace_source_output(quantizer);
    if (product.kind == ProductKind::Attention) {
      if (activation.per_channel) {
        add_shift_back(product, plan);
      }
    } else {
      const LayerPlan& layer = planner_.layer_plan(index, widths_[index], plan, key);
      write_weights(product, layer.weights);
      const bool changed =
          std::any_of(layer.bias.begin(), layer.bias.end(), [](float value) { return value != 0; });
      if (changed) {
        add_to_bias(product, layer.bias);
      }
    }
    return plan;
  }

  Planner& planner_;
  const std::vector<BitWidths>& widths_;
  std::shared_ptr<ov::Model> copy_;
  std::vector<Product> products_;
  std::map<std::string, ov::Output<ov::Node>> quantizers_;
};

std::shared_ptr<ov::Model> Planner::build(const std::vector<BitWidths>& widths,
                                          std::vector<QuantizedLayer>* report) {
  Build build(*this, widths);
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const QuantizedLayer layer = build.quantize(i);
    if (report != nullptr) {
      report->push_back(layer);
    }
  }
  return build.finish();
}

}  // namespace zoa
