// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/separate_heads_ov.h"

#include <array>
#include <optional>

#include <openvino/core/rt_info.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/graph/ops_ov.h"
#include "zoa/graph/weight_graph_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

constexpr std::size_t kParts = 3;  // queries, keys, values

bool has_order(const ov::Node& node, const std::vector<float>& order) {
  return is_op(node, "Transpose") && constant_values(node.input_value(1)) == order;
}

// One layer for all three and what is read of it.
struct FusedHeads {
  std::shared_ptr<op::v0::MatMul> product;
  NodePtr bias;                          // the Add, or null
  ov::Shape apart;                       // (B, T, 3, heads, d)
  std::array<Value, kParts> parts = {};  // (B, heads, T, d)
};

// The part that a node takes along the first axis, in its own shape: Slice and Gather say which.
std::optional<std::size_t> part_of(const ov::Node& node) {
  const bool slice = is_op(node, "Slice") && node.get_input_size() == 5 &&
                     scalar_value(node.input_value(4)) == 0.0F;
  const bool gather = is_op(node, "Gather") && scalar_value(node.input_value(2)) == 0.0F;
  const auto first = slice || gather ? scalar_value(node.input_value(1)) : std::optional<float>();
  if (!first || ov::shape_size(node.get_output_shape(0)) * kParts !=
                    ov::shape_size(node.get_input_shape(0))) {
    return std::nullopt;
  }
  const auto part = static_cast<std::size_t>(*first < 0 ? *first + kParts : *first);
  return part < kParts ? std::optional(part) : std::nullopt;
}

bool is_split(const ov::Node& node) {
  return (is_op(node, "Split") || is_op(node, "VariadicSplit")) &&
         node.get_output_size() == kParts && scalar_value(node.input_value(1)) == 0.0F;
}

// The value without the axis of parts: itself, or what its only reader makes of it.
std::optional<Value> without_axis(const Value& value, const ov::Shape& heads) {
  if (value.get_shape() == heads) {
    return value;
  }
  const NodePtr reader = only_consumer(value);
  const bool drops = reader != nullptr &&
                     (is_op(*reader, "Squeeze") || is_op(*reader, "Reshape")) &&
                     reader->get_output_shape(0) == heads;
  return drops ? std::optional(reader->output(0)) : std::nullopt;
}

bool add_part(FusedHeads& fused, std::size_t part, const Value& value) {
  const ov::Shape& s = fused.apart;
  const auto found = without_axis(value, {s[0], s[3], s[1], s[4]});
  if (!found || fused.parts.at(part).get_node() != nullptr) {
    return false;
  }
  fused.parts.at(part) = *found;
  return true;
}

bool find_parts(FusedHeads& fused, const Value& moved) {
  for (const auto& reader : moved.get_target_inputs()) {
    const ov::Node& node = *reader.get_node();
    if (is_split(node)) {
      for (std::size_t i = 0; i < kParts; ++i) {
        if (!add_part(fused, i, reader.get_node()->output(i))) {
          return false;
        }
      }
      continue;
    }
    const auto part = part_of(node);
    if (!part || !add_part(fused, *part, reader.get_node()->output(0))) {
      return false;
    }
  }
  return fused.parts[0].get_node() != nullptr && fused.parts[1].get_node() != nullptr &&
         fused.parts[2].get_node() != nullptr;
}

std::optional<FusedHeads> find_fused(const NodePtr& node, const NodeSet& constants) {
  FusedHeads fused;
  fused.product = std::dynamic_pointer_cast<op::v0::MatMul>(node);
  if (fused.product == nullptr || fused.product->get_transpose_a() ||
      node->get_input_shape(0).size() != 3 || node->get_input_shape(1).size() != 2 ||
      constants.count(node->get_input_node_ptr(1)) == 0) {
    return std::nullopt;
  }
  NodePtr next = only_consumer(node->output(0));
  const auto data = next == nullptr ? std::nullopt : data_input(*next, constants);
  if (data && is_op(*next, "Add") && is_op(*next->get_input_node_ptr(1 - *data), "Constant") &&
      next->get_output_shape(0) == node->get_output_shape(0)) {
    fused.bias = next;
    next = only_consumer(next->output(0));
  }
  if (next == nullptr || !is_op(*next, "Reshape") || next->get_output_shape(0).size() != 5) {
    return std::nullopt;
  }
  fused.apart = next->get_output_shape(0);
  const ov::Shape& rows = node->get_output_shape(0);
  const NodePtr moved = only_consumer(next->output(0));
  if (fused.apart[0] != rows[0] || fused.apart[1] != rows[1] || fused.apart[2] != kParts ||
      moved == nullptr || !has_order(*moved, {2, 0, 3, 1, 4}) ||
      !find_parts(fused, moved->output(0))) {
    return std::nullopt;
  }
  return fused;
}

// Of a constant with as many rows as the layer has outputs, those of one part.
Value cut_constant(const Value& constant, std::size_t outputs, std::size_t part) {
  const std::size_t width = outputs / kParts;
  return constant.get_shape()[0] == outputs ? constant_rows(constant, part * width, width)
                                            : constant;
}

// Weights (outputs, inputs) of the layer; nothing where their form is not known.
std::optional<Value> rows_of_weights(const op::v0::MatMul& product) {
  const bool by_columns = !product.get_transpose_b();
  return map_weights(product.input_value(1), [by_columns](const Value& constant) {
    return by_columns ? transposed_constant(constant) : constant;
  });
}

// (B, T, heads * d) of one part.
Value separate_product(const FusedHeads& fused,
                       std::size_t part,
                       const Value& rows,
                       const NodeSet& constants) {
  const auto& product = *fused.product;
  const std::size_t outputs = product.get_output_shape(0)[2];
  const auto weights = map_weights(
      rows, [&](const Value& constant) { return cut_constant(constant, outputs, part); });
  const auto own =
      std::make_shared<op::v0::MatMul>(product.input_value(0), weights.value_or(rows), false, true);
  own->set_friendly_name(product.get_friendly_name() + "/" + std::to_string(part));
  ov::copy_runtime_info(fused.product, own);
  if (fused.bias == nullptr) {
    return own->output(0);
  }
  const std::size_t data = data_input(*fused.bias, constants).value_or(0);
  const Value bias = fused.bias->input_value(1 - data);
  const bool each = ov::shape_size(bias.get_shape()) == outputs;  // else one number for all
  const auto sum = std::make_shared<op::v1::Add>(
      own, each ? cut_constant(reshaped_constant(bias, {outputs}), outputs, part) : bias);
  sum->set_friendly_name(fused.bias->get_friendly_name() + "/" + std::to_string(part));
  return sum->output(0);
}

// An elementwise node that treats all numbers alike: it may come before the move into heads.
bool treats_all_alike(const ov::Node& node, const Value& data, const NodeSet& constants) {
  if (!is_elementwise(node) || node.get_output_size() != 1 ||
      node.get_output_shape(0) != data.get_shape()) {
    return false;
  }
  for (const Value& input : node.input_values()) {
    const bool number =
        constants.count(input.get_node()) != 0 && ov::shape_size(input.get_shape()) == 1;
    if (input != data && !number) {
      return false;
    }
  }
  return true;
}

Value clone_on(const NodePtr& node, const Value& old_data, const Value& data) {
  ov::OutputVector inputs;
  for (const Value& input : node->input_values()) {
    inputs.push_back(input == old_data ? data : input);
  }
  const NodePtr copy = node->clone_with_new_inputs(inputs);
  copy->set_friendly_name(node->get_friendly_name());
  ov::copy_runtime_info(node, copy);
  return copy->output(0);
}

// Reader of a value (.., T, d) that gives (.., d, T): a Transpose, or one between two Reshapes.
std::optional<Value> swapped(const Value& value) {
  NodePtr reader = only_consumer(value);
  if (reader == nullptr) {
    return std::nullopt;
  }
  if (has_order(*reader, {0, 1, 3, 2})) {
    return reader->output(0);
  }
  const ov::Shape& s = value.get_shape();
  if (!is_op(*reader, "Reshape") ||
      reader->get_output_shape(0) != ov::Shape{s[0] * s[1], s[2], s[3]}) {
    return std::nullopt;
  }
  reader = only_consumer(reader->output(0));
  if (reader == nullptr || !has_order(*reader, {0, 2, 1})) {
    return std::nullopt;
  }
  reader = only_consumer(reader->output(0));
  const bool back = reader != nullptr && is_op(*reader, "Reshape") &&
                    reader->get_output_shape(0) == ov::Shape{s[0], s[1], s[3], s[2]};
  return back ? std::optional(reader->output(0)) : std::nullopt;
}

// Puts the separate product with its scale and quantizer where the part was read.
void replace_part(const Value& part, Value own, const ov::Shape& apart, const NodeSet& constants) {
  Value end = part;
  bool turned = false;
  while (true) {
    if (const auto other = turned ? std::nullopt : swapped(end)) {
      end = *other;
      turned = true;
      continue;
    }
    const NodePtr reader = only_consumer(end);
    if (reader == nullptr || !treats_all_alike(*reader, end, constants)) {
      break;
    }
    own = clone_on(reader, end, own);
    end = reader->output(0);
  }
  const Value heads = reshape(own, {apart[0], apart[1], apart[3], apart[4]});
  end.replace(turned ? transpose(heads, {0, 2, 3, 1}) : transpose(heads, {0, 2, 1, 3}));
}

}  // namespace

std::size_t separate_heads(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  std::size_t count = 0;
  for (const auto& node : model->get_ordered_ops()) {
    const auto fused = find_fused(node, constants);
    if (!fused) {
      continue;
    }
    const auto rows = rows_of_weights(*fused->product);
    if (!rows) {
      continue;
    }
    for (std::size_t i = 0; i < kParts; ++i) {
      replace_part(fused->parts.at(i), separate_product(*fused, i, *rows, constants), fused->apart,
                   constants);
    }
    ++count;
  }
  return count;
}

}  // namespace zoa
