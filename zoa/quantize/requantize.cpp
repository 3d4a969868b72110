// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <openvino/op/ops.hpp>

#include "zoa/graph/products_ov.h"
#include "zoa/graph/quantizers_ov.h"
#include "zoa/quantize/requantize_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

constexpr double kLowCode = -128;
constexpr double kHighCode = 127;
constexpr std::size_t kLevels = 256;

// A product with one number: the 1 / sqrt(width) of q.
std::optional<std::size_t> scaled_input(const ov::Node& node) {
  if (!is_op(node, "Multiply")) {
    return std::nullopt;
  }
  for (const std::size_t factor : {1U, 0U}) {
    if (scalar_value(node.input_value(factor))) {
      return 1 - factor;
    }
  }
  return std::nullopt;
}

// The quantizers between a product and where its values are computed.
struct Path {
  std::vector<NodePtr> quantizers;  // FakeQuantize nodes, from the product back
  bool zero_point = false;          // of one of them
  bool known = true;                // all of 8 bits and one range
};

// True if the runtime would have to subtract a zero point: from a range round another value than
// zero, or from unsigned codes of a symmetric one (zero point 128).
bool subtracts_zero_point(const ReadQuantizer& found, bool left) {
  if (left && found.is_unsigned()) {
    return false;
  }
  const bool unsigned_codes = scalar_value(found.quantize->input_value(3)).value_or(-1.0F) >= 0.0F;
  return !found.is_symmetric() || unsigned_codes;
}

Path read_path(const Product& product, std::size_t input) {
  Value value = product.node->input_value(input);
  Path path;
  while (true) {
    const NodePtr node = value.get_node_shared_ptr();
    if (const NodePtr quantize = quantizer_of(node)) {
      const auto found = find_quantizer(value);
      path.known = path.known && found && found->low.size() == 1 && found->high.size() == 1 &&
                   (found->levels == kLevels || found->levels == kLevels - 1);
      path.zero_point = path.zero_point || (path.known && subtracts_zero_point(*found, input == 0));
      path.quantizers.push_back(quantize);
      value = quantize->input_value(0);
    } else if (moves_values(*node)) {
      value = node->input_value(0);
    } else if (const auto data = scaled_input(*node)) {
      value = node->input_value(*data);
    } else {
      return path;
    }
  }
}

class Requantizer {
 public:
  // `value` again with the one quantizer `first` on its way, made symmetric.
  Value rebuild(const Value& value, const NodePtr& first) {
    const NodePtr node = value.get_node_shared_ptr();
    if (const NodePtr quantize = quantizer_of(node)) {
      return quantize == first ? symmetric(quantize)->output(0)
                               : rebuild(quantize->input_value(0), first);
    }
    NodePtr& copy = copies_[node.get()];
    if (copy == nullptr) {
      const std::size_t data = scaled_input(*node).value_or(0);
      ov::OutputVector inputs = node->input_values();
      inputs[data] = rebuild(inputs[data], first);
      copy = node->clone_with_new_inputs(inputs);
      copy->set_friendly_name(node->get_friendly_name() + "/requantized");
    }
    return copy->output(value.get_index());
  }

 private:
  NodePtr symmetric(const NodePtr& quantize) {
    NodePtr& made = quantizers_[quantize.get()];
    if (made == nullptr) {
      const double low = scalar_value(quantize->input_value(1)).value_or(0.0F);
      const double high = scalar_value(quantize->input_value(2)).value_or(0.0F);
      const double step = std::max(low / kLowCode, high / kHighCode);
      const auto first = make_constant({}, {static_cast<float>(kLowCode * step)});
      const auto last = make_constant({}, {static_cast<float>(kHighCode * step)});
      made = std::make_shared<ov::op::v0::FakeQuantize>(quantize->input_value(0), first, last,
                                                        first, last, kLevels);
      made->set_friendly_name(quantize->get_friendly_name() + "/symmetric");
    }
    return made;
  }

  std::map<const ov::Node*, NodePtr> copies_;      // of nodes that move or scale values
  std::map<const ov::Node*, NodePtr> quantizers_;  // symmetric forms
};

}  // namespace

std::size_t requantize_attention(const std::shared_ptr<ov::Model>& network) {
  Requantizer requantizer;
  std::size_t count = 0;
  for (const Product& product : find_products(network)) {
    if (product.kind != ProductKind::Attention) {
      continue;
    }
    for (const ActivationPoint& point : product.activations) {
      const auto input = product.node->input(point.input);
      const Path path = read_path(product, point.input);
      if (point.probability || path.quantizers.empty() || !path.known || !path.zero_point) {
        continue;
      }
      input.replace_source_output(
          requantizer.rebuild(input.get_source_output(), path.quantizers.back()));
      ++count;
    }
  }
  network->validate_nodes_and_infer_types();
  return count;
}

}  // namespace zoa
