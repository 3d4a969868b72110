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
  Value value = decode(*node.get_input_node_ptr(data), code);
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

// A quantizer of constants as arithmetic, which constant folding computes (a FakeQuantize it does
// not).
void replace_by_arithmetic(const NodePtr& quantize) {
  const Value low = quantize->input_value(1);
  const Value high = quantize->input_value(2);
  const Value out_low = quantize->input_value(3);
  const auto steps = make_constant({}, {static_cast<float>(kDropped - 1)});
  const auto above = std::make_shared<ov::op::v1::Maximum>(quantize->input_value(0), low);
  const auto clipped = std::make_shared<ov::op::v1::Minimum>(above, high);
  const auto range = std::make_shared<ov::op::v1::Subtract>(high, low);
  const auto share = std::make_shared<ov::op::v1::Divide>(
      std::make_shared<ov::op::v1::Subtract>(clipped, low), range);
  const auto code =
      std::make_shared<ov::op::v5::Round>(std::make_shared<ov::op::v1::Multiply>(share, steps),
                                          ov::op::v5::Round::RoundMode::HALF_TO_EVEN);
  const auto out_range = std::make_shared<ov::op::v1::Subtract>(quantize->input_value(4), out_low);
  const auto value = std::make_shared<ov::op::v1::Multiply>(
      std::make_shared<ov::op::v1::Divide>(code, steps), out_range);
  auto result = std::make_shared<ov::op::v1::Add>(value, out_low);
  result->set_friendly_name(quantize->get_friendly_name());
  ov::replace_node(quantize, result);
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
      if (quantize == nullptr || levels_of(*quantize) != kDropped) {
        continue;
      }
      if (constants.count(quantize.get()) == 0) {
        replace_chain(node, *quantize);
        ++count;
      } else if (node == quantize) {
        replace_by_arithmetic(quantize);
        ++count;
      }
    }
  }
  return count;
}

}  // namespace zoa
