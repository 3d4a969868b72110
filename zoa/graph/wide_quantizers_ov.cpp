// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/wide_quantizers_ov.h"

#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/graph/quantizers_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

constexpr std::size_t kDropped = 65536;  // levels that the runtime removes
constexpr std::size_t kKept = kDropped - 1;

// The end of a range without its last code. Constant folding computes it.
Value without_last_code(const Value& low, const Value& high) {
  const auto steps = make_constant({}, {static_cast<float>(kDropped - 1)});
  const auto range = std::make_shared<ov::op::v1::Subtract>(high, low);
  const auto step = std::make_shared<ov::op::v1::Divide>(range, steps);
  return std::make_shared<ov::op::v1::Subtract>(high, step)->output(0);
}

// What the nodes between a FakeQuantize and `node` (Convert, Subtract, Multiply) make of a code.
Value decode(const ov::Node& node, const Value& code) {
  if (is_op(node, "FakeQuantize")) {
    return code;
  }
  const bool second = is_op(node, "Multiply") && constant_values(node.input_value(0)).has_value();
  const std::size_t data = second ? 1 : 0;
  const Value value = decode(*node.get_input_node_ptr(data), code);
  if (is_op(node, "Convert")) {
    return value;  // codes are whole numbers in the range of the integer type
  }
  const Value factor = node.input_value(1 - data);
  if (is_op(node, "Subtract")) {
    return std::make_shared<ov::op::v1::Subtract>(value, factor)->output(0);
  }
  return std::make_shared<ov::op::v1::Multiply>(value, factor)->output(0);
}

// Replaces `end`, which is a quantizer or the end of QDQ's chain after it.
void replace_chain(const NodePtr& end, const ov::Node& quantize) {
  const Value low = quantize.input_value(3);
  const Value high = without_last_code(low, quantize.input_value(4));
  auto kept = std::make_shared<ov::op::v0::FakeQuantize>(
      quantize.input_value(0), quantize.input_value(1),
      without_last_code(quantize.input_value(1), quantize.input_value(2)), decode(*end, low),
      decode(*end, high), kKept);
  kept->set_friendly_name(end->get_friendly_name());
  ov::replace_node(end, kept);
}

bool is_wide_activation(const NodePtr& quantize, const NodeSet& constants) {
  return quantize != nullptr && levels_of(*quantize) == kDropped &&
         constants.count(quantize.get()) == 0;
}

}  // namespace

std::size_t keep_wide_quantizers(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  std::size_t count = 0;
  // Chains first: from their ends, for several may begin at one FakeQuantize.
  for (const char* type : {"Multiply", "FakeQuantize"}) {
    for (const auto& node : model->get_ordered_ops()) {
      if (!is_op(*node, type)) {
        continue;
      }
      const NodePtr quantize = quantizer_of(node);
      if (is_wide_activation(quantize, constants)) {
        replace_chain(node, *quantize);
        ++count;
      }
    }
  }
  return count;
}

}  // namespace zoa
