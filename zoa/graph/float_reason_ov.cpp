// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/float_reason_ov.h"

#include <algorithm>

#include "zoa/graph/quantizers_ov.h"

namespace zoa {

namespace {

constexpr std::size_t kMostLevels = 256;    // of 8 bits
constexpr std::size_t kWideLevels = 65535;  // of 16 bits, as keep_wide_quantizers leaves them

// How the weights of a product lie in the file.
struct StoredWeights {
  std::size_t bits = 32;
  bool zero_point = false;
  std::size_t levels = 0;  // of a FakeQuantize on them
};

StoredWeights stored_weights(const ov::Node& product) {
  StoredWeights weights;
  const ov::Node* node = product.get_input_node_ptr(1);
  while (!is_op(*node, "Constant") && node->get_input_size() > 0) {
    weights.zero_point = weights.zero_point || is_op(*node, "Subtract");
    weights.levels = std::max(weights.levels, levels_of(*node));
    const bool second = is_op(*node, "Multiply") && is_op(*node->get_input_node_ptr(0), "Constant");
    node = node->get_input_node_ptr(second ? 1 : 0);
  }
  const auto& type = node->get_output_element_type(0);
  if (type.is_integral_number()) {
    weights.bits = type.bitwidth();
  }
  return weights;
}

bool has_int8_levels(std::size_t levels) {
  return levels == 256 || levels == 255 || levels == 16 || levels == 15;
}

std::string levels_reason(std::size_t levels) {
  if (levels >= kWideLevels) {
    return "its input is quantized to 16 bits: runs in float";
  }
  return "its input is quantized to " + std::to_string(levels) +
         " levels; the runtime has int8 kernels for 255, 256, 15 and 16";
}

std::string input_reason(const Product& product, const ActivationPoint& point) {
  const auto value = product.node->input_value(point.input);
  const auto quantizer = find_quantizer(value);
  if (!quantizer) {
    if (reads_quantized(value)) {
      return "";  // in a form that this file does not know: the runtime will tell
    }
    const bool weights =
        product.kind != ProductKind::Attention &&
        (stored_weights(*product.node).bits <= 8 || stored_weights(*product.node).levels > 0);
    return weights ? "only its weights are quantized" : "its input is not quantized in the file";
  }
  if (!has_int8_levels(quantizer->levels)) {
    return levels_reason(quantizer->levels);
  }
  if (product.kind != ProductKind::Attention) {
    const bool depthwise = is_op(*product.node, "GroupConvolution");
    return quantizer->low.size() == 1 || depthwise
               ? ""
               : "its input has a scale per channel; the runtime takes one";
  }
  const bool unsigned_left = point.input == 0 && quantizer->is_unsigned();  // a softmax
  return quantizer->is_symmetric() || unsigned_left
             ? ""
             : "its input has a zero point; int8 attention takes none (--requantize-attention)";
}

std::string weights_reason(const ov::Node& product) {
  const StoredWeights weights = stored_weights(product);
  if (weights.bits > 8 && weights.levels == 0) {
    return "its weights have more than 8 bits in the file";
  }
  if (weights.bits < 8) {
    return "its weights have " + std::to_string(weights.bits) +
           " bits; the runtime has int8 kernels for 8";
  }
  if (weights.levels != 0 && weights.levels != kMostLevels && weights.levels != kMostLevels - 1) {
    return "its weights are quantized to " + std::to_string(weights.levels) +
           " levels; the runtime has int8 kernels for 255 and 256";
  }
  if (weights.zero_point) {
    return "its weights do not fit in 8 signed bits once their zero point is taken off";
  }
  return "";
}

}  // namespace

std::string float_reason(const Product& product) {
  if (!product.reason.empty()) {
    return product.reason;
  }
  for (const ActivationPoint& point : product.activations) {
    if (std::string reason = input_reason(product, point); !reason.empty()) {
      return reason;
    }
  }
  return product.kind == ProductKind::Attention ? "" : weights_reason(*product.node);
}

}  // namespace zoa
