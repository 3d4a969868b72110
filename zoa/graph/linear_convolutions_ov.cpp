// SPDX-License-Identifier: Apache-2.0
// A value (.., C) has a twin (1, C, rows, 1) from the layer that made it on, through everything
// elementwise; whoever cannot work on twins reads the value again through a view.
#include "zoa/graph/linear_convolutions_ov.h"

#include <cmath>
#include <map>
#include <optional>

#include <openvino/core/rt_info.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/graph/ops_ov.h"
#include "zoa/graph/quantizers_ov.h"
#include "zoa/graph/weight_graph_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

std::size_t rows_of(const ov::Shape& shape) {
  return ov::shape_size(shape) / shape.back();
}

Value to_twin(const Value& value) {
  const ov::Shape& shape = value.get_shape();
  return transpose(reshape(value, {1, rows_of(shape), 1, shape.back()}), {0, 3, 1, 2});
}

Value from_twin(const Value& twin, const ov::Shape& shape) {
  return reshape(transpose(twin, {0, 2, 3, 1}), shape);
}

// Weights (out, in), or (in, out), as (out, in, 1, 1).
std::optional<Value> turn_weights(const Value& weights, bool by_columns) {
  return map_weights(weights, [by_columns](const Value& constant) {
    const Value rows = by_columns ? transposed_constant(constant) : constant;
    return reshaped_constant(rows, {rows.get_shape()[0], rows.get_shape()[1], 1, 1});
  });
}

class Rewriter {
 public:
  explicit Rewriter(const std::shared_ptr<ov::Model>& model)
      : order_(model->get_ordered_ops()), constants_(constant_nodes(*model)) {}

  std::size_t run() {
    std::size_t count = 0;
    for (const auto& node : order_) {
      if (add_layer(*node)) {
        ++count;
      } else {
        add_elementwise(*node);
      }
    }
    for (const NodePtr& node : rewritten_) {
      return_from_twin(node->output(0));
    }
    return count;
  }

 private:
  Value twin_of(const Value& value) {
    Value& twin = twins_[value];
    if (twin.get_node() == nullptr) {
      twin = to_twin(value);
    }
    return twin;
  }

  void set_twin(ov::Node& node, const NodePtr& twin) {
    twin->set_friendly_name(node.get_friendly_name());
    ov::copy_runtime_info(node.shared_from_this(), twin);
    twins_[node.output(0)] = twin->output(0);
    made_.insert(&node);
    rewritten_.push_back(node.shared_from_this());
  }

  bool add_layer(ov::Node& node) {
    const auto* product = dynamic_cast<const op::v0::MatMul*>(&node);
    if (product == nullptr || product->get_transpose_a() || node.get_input_shape(0).size() < 2 ||
        node.get_input_shape(1).size() != 2 || constants_.count(node.get_input_node_ptr(1)) == 0 ||
        !reads_whole_codes(node.input_value(0)) || !holds_integers(node.input_value(1))) {
      return false;
    }
    const auto weights = turn_weights(node.input_value(1), !product->get_transpose_b());
    if (!weights) {
      return false;
    }
    set_twin(node, std::make_shared<op::v1::Convolution>(
                       twin_of(node.input_value(0)), *weights, ov::Strides{1, 1},
                       ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, ov::Strides{1, 1}));
    return true;
  }

  // A convolution rounds the code that means zero to a whole number; a matrix product need not.
  static bool reads_whole_codes(const Value& value) {
    constexpr double kWhole = 1e-3;
    constexpr std::size_t kMostLevels = 256;  // with more the runtime multiplies floats
    const auto quantizer = find_quantizer(value);
    if (!quantizer || quantizer->low.size() != 1 || quantizer->levels > kMostLevels) {
      return false;
    }
    const double zero = quantizer->zero_code();
    return std::abs(zero - std::round(zero)) < kWhole;
  }

  // Weights that the runtime multiplies as integers: it would not do so with floats.
  static bool holds_integers(const Value& weights) {
    const ov::Node& node = *weights.get_node();
    return is_op(node, "FakeQuantize") || is_op(node, "Multiply");
  }

  // The other input of an elementwise node on twins: one number, or one per channel.
  static std::optional<Value> turn_operand(const Value& value, std::size_t channels) {
    const ov::Shape& shape = value.get_shape();
    const std::size_t size = ov::shape_size(shape);
    if (size == 1) {
      return reshape(value, {1, 1, 1, 1});
    }
    if (size != channels || shape.back() != channels) {
      return std::nullopt;
    }
    return reshape(value, {1, channels, 1, 1});
  }

  void add_elementwise(ov::Node& node) {
    if (node.get_output_size() != 1 || !is_elementwise(node) || constants_.count(&node) != 0) {
      return;
    }
    const ov::Shape& shape = node.get_output_shape(0);
    ov::OutputVector inputs;
    for (const Value& input : node.input_values()) {
      if (made_.count(input.get_node()) != 0 && input.get_shape() == shape) {
        inputs.push_back(twins_.at(input));
      } else if (constants_.count(input.get_node()) != 0) {
        const auto operand = turn_operand(input, shape.back());
        if (!operand) {
          return;
        }
        inputs.push_back(*operand);
      } else {
        return;
      }
    }
    set_twin(node, node.clone_with_new_inputs(inputs));
  }

  void return_from_twin(const Value& value) {
    std::optional<Value> view;
    for (auto reader : value.get_target_inputs()) {
      if (made_.count(reader.get_node()) != 0) {
        continue;  // has a twin of its own
      }
      if (!view) {
        view = from_twin(twins_.at(value), value.get_shape());
      }
      reader.replace_source_output(*view);
    }
  }

  ov::NodeVector order_;
  NodeSet constants_;
  std::map<Value, Value> twins_;
  NodeSet made_;  // nodes that compute twins; other twins are views of values
  ov::NodeVector rewritten_;
};

}  // namespace

std::size_t run_linear_as_convolutions(const std::shared_ptr<ov::Model>& model) {
  return Rewriter(model).run();
}

}  // namespace zoa
