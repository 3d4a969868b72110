// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/quantizers_ov.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <openvino/op/fake_quantize.hpp>

namespace zoa {

namespace {

using Values = std::vector<double>;

constexpr double kCodeTolerance = 0.1;  // the runtime's own test allows 0.2 % of the range

std::optional<Values> doubles_of(const ov::Output<ov::Node>& output) {
  const auto values = constant_values(output);
  if (!values) {
    return std::nullopt;
  }
  return Values(values->begin(), values->end());
}

// The constant of Subtract or Multiply: second input, or for Multiply also the first.
std::optional<Values> constant_factor(const ov::Node& node, std::size_t& data) {
  data = 0;
  if (auto values = doubles_of(node.input_value(1))) {
    return values;
  }
  if (is_op(node, "Multiply")) {
    data = 1;
    return doubles_of(node.input_value(0));
  }
  return std::nullopt;
}

bool is_real_convert(const ov::Node& node) {
  return is_op(node, "Convert") && node.get_output_element_type(0).is_real();
}

bool is_integer_convert(const ov::Node& node) {
  return is_op(node, "Convert") && node.get_output_element_type(0).is_integral_number() &&
         node.get_output_element_type(0).bitwidth() <= 16;
}

// Applies Subtract or Multiply to range ends; false if the shapes do not go together.
bool apply(const ov::Node& node, Values& ends) {
  std::size_t data = 0;
  const auto factor = constant_factor(node, data);
  if (!factor || (ends.size() > 1 && factor->size() > 1 && ends.size() != factor->size())) {
    return false;
  }
  Values result(std::max(ends.size(), factor->size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double end = ends[ends.size() == 1 ? 0 : i];
    const double with = (*factor)[factor->size() == 1 ? 0 : i];
    result[i] = is_op(node, "Subtract") ? end - with : end * with;
  }
  ends = result;
  return true;
}

}  // namespace

double ReadQuantizer::zero_code() const {
  const double step = (high.front() - low.front()) / static_cast<double>(levels - 1);
  return step == 0 ? 0.0 : -low.front() / step;
}

bool ReadQuantizer::is_symmetric() const {
  return low.size() == 1 && high.size() == 1 &&
         std::abs(zero_code() - std::floor(static_cast<double>(levels) / 2)) < kCodeTolerance;
}

bool ReadQuantizer::is_unsigned() const {
  return low.size() == 1 && high.size() == 1 && std::abs(zero_code()) < kCodeTolerance;
}

std::size_t levels_of(const ov::Node& node) {
  const auto* quantize = dynamic_cast<const ov::op::v0::FakeQuantize*>(&node);
  return quantize == nullptr ? 0 : quantize->get_levels();
}

bool moves_values(const ov::Node& node) {
  static constexpr std::array kMoves{"Reshape", "Transpose",     "Squeeze", "Unsqueeze",   "Split",
                                     "Gather",  "VariadicSplit", "Slice",   "StridedSlice"};
  return std::any_of(kMoves.begin(), kMoves.end(),
                     [&](const char* type) { return is_op(node, type); });
}

std::optional<ReadQuantizer> find_quantizer(const ov::Output<ov::Node>& value) {
  std::vector<const ov::Node*> arithmetic;  // from the reader back
  const ov::Node* node = value.get_node();
  while (!is_op(*node, "FakeQuantize")) {
    std::size_t data = 0;
    if (is_op(*node, "Subtract") || is_op(*node, "Multiply")) {
      if (!constant_factor(*node, data)) {
        return std::nullopt;
      }
      arithmetic.push_back(node);
    } else if (!is_op(*node, "Convert") && !moves_values(*node)) {
      return std::nullopt;
    }
    node = node->get_input_node_ptr(data);
  }
  ReadQuantizer found;
  found.quantize = const_cast<ov::Node*>(node)->shared_from_this();
  found.levels = levels_of(*node);
  const auto low = doubles_of(node->input_value(3));
  const auto high = doubles_of(node->input_value(4));
  if (!low || !high || found.levels < 2) {
    return std::nullopt;
  }
  found.low = *low;
  found.high = *high;
  for (auto step = arithmetic.rbegin(); step != arithmetic.rend(); ++step) {
    if (!apply(**step, found.low) || !apply(**step, found.high)) {
      return std::nullopt;
    }
  }
  return found;
}

NodePtr quantizer_of(const NodePtr& node) {
  if (is_op(*node, "FakeQuantize")) {
    return node;
  }
  NodePtr walk = node;
  for (const char* type : {"Multiply", "Subtract"}) {
    std::size_t data = 0;
    if (is_op(*walk, type) && constant_factor(*walk, data)) {
      walk = walk->get_input_node_shared_ptr(data);
    }
  }
  if (!is_real_convert(*walk) || !is_integer_convert(*walk->get_input_node_ptr(0))) {
    return nullptr;
  }
  walk = walk->get_input_node_ptr(0)->get_input_node_shared_ptr(0);
  return is_op(*walk, "FakeQuantize") ? walk : nullptr;
}

}  // namespace zoa
