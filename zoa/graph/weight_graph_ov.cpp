// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/weight_graph_ov.h"

#include <algorithm>

#include <openvino/core/rt_info.hpp>
#include <openvino/op/ops.hpp>
#include <openvino/runtime/tensor.hpp>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

std::shared_ptr<op::v0::Constant> constant_at(const Value& value) {
  const auto constant = std::dynamic_pointer_cast<op::v0::Constant>(value.get_node_shared_ptr());
  if (constant == nullptr) {
    fail(ErrorCode::UnsupportedModel, describe(*value.get_node()), ": expected a constant");
  }
  return constant;
}

// (C) as (1, C), a number as (1, 1).
Value as_matrix(const Value& constant) {
  const ov::Shape& shape = constant.get_shape();
  return shape.size() == 2
             ? constant
             : reshaped_constant(constant, {1, shape.empty() ? std::size_t{1} : shape[0]});
}

// In tiles that stay in the cache: the runtime's own folding takes some times as long.
template <class T>
void transpose_values(const void* from, std::size_t rows, std::size_t columns, void* to) {
  const auto* in = static_cast<const T*>(from);
  auto* out = static_cast<T*>(to);
  constexpr std::size_t kTile = 64;
  for (std::size_t top = 0; top < rows; top += kTile) {
    for (std::size_t left = 0; left < columns; left += kTile) {
      for (std::size_t c = left; c < std::min(left + kTile, columns); ++c) {
        for (std::size_t r = top; r < std::min(top + kTile, rows); ++r) {
          out[c * rows + r] = in[r * columns + c];
        }
      }
    }
  }
}

}  // namespace

Value transposed_constant(const Value& matrix) {
  const auto constant = constant_at(matrix);
  const ov::Shape& shape = matrix.get_shape();
  ov::Tensor turned(constant->get_element_type(), {shape[1], shape[0]});
  const void* in = constant->get_data_ptr();
  switch (turned.get_element_type().size()) {
    case 1: transpose_values<std::uint8_t>(in, shape[0], shape[1], turned.data()); break;
    case 2: transpose_values<std::uint16_t>(in, shape[0], shape[1], turned.data()); break;
    default: transpose_values<std::uint32_t>(in, shape[0], shape[1], turned.data()); break;
  }
  return std::make_shared<op::v0::Constant>(turned)->output(0);
}

Value reshaped_constant(const Value& constant, const ov::Shape& shape) {
  return std::make_shared<op::v0::Constant>(*constant_at(constant), shape)->output(0);
}

Value constant_rows(const Value& constant, std::size_t first, std::size_t count) {
  const auto whole = constant_at(constant);
  ov::Shape shape = constant.get_shape();
  const std::size_t row = whole->get_byte_size() / shape[0];
  shape[0] = count;
  ov::Tensor rows(whole->get_element_type(), shape);
  const auto* data = static_cast<const std::byte*>(whole->get_data_ptr());
  std::copy_n(data + first * row, count * row, static_cast<std::byte*>(rows.data()));
  return std::make_shared<op::v0::Constant>(rows)->output(0);
}

std::optional<Value> map_weights(const Value& weights, const ConstantMap& map) {
  const ov::Node& node = *weights.get_node();
  if (weights.get_shape().size() > 2) {
    return std::nullopt;
  }
  if (is_op(node, "Constant")) {
    const std::size_t bits = weights.get_element_type().bitwidth();
    return bits == 8 || bits == 16 || bits == 32 ? std::optional(map(as_matrix(weights)))
                                                 : std::nullopt;
  }
  if (!is_op(node, "Convert") && !is_op(node, "Subtract") && !is_op(node, "Multiply") &&
      !is_op(node, "FakeQuantize")) {
    return std::nullopt;
  }
  ov::OutputVector inputs;
  for (const Value& input : node.input_values()) {
    const auto mapped = map_weights(input, map);
    if (!mapped) {
      return std::nullopt;
    }
    inputs.push_back(*mapped);
  }
  const NodePtr made = node.clone_with_new_inputs(inputs);
  ov::copy_runtime_info(weights.get_node_shared_ptr(), made);  // keeps integers from being folded
  made->set_friendly_name(node.get_friendly_name());
  return made->output(0);
}

}  // namespace zoa
