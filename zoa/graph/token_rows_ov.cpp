// SPDX-License-Identifier: Apache-2.0
// Two sweeps. Backwards: what does each value owe its readers, all of it or row 0 along some axis?
// Forwards: nodes that owe one row are built anew on one-row inputs; where a whole value meets a
// reader that wants a row, a Slice is put between.
#include "zoa/graph/token_rows_ov.h"

#include <algorithm>
#include <map>

#include <openvino/op/ops.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

constexpr std::size_t kTokenAxis = 1;
constexpr int kWhole = -1;  // a demand is kWhole or the axis along which row 0 is enough

bool normalizes_other_axis(const ov::Node& node, std::size_t axis) {
  const auto rank = node.get_output_shape(0).size();
  if (is_op(node, "MVN") && node.get_input_size() == 2) {
    const auto over = scalar_value(node.input_value(1));
    return over && (*over == -1.0F || *over == static_cast<float>(rank - 1)) && axis + 1 != rank;
  }
  if (const auto* softmax = dynamic_cast<const ov::op::v8::Softmax*>(&node)) {
    const auto over = softmax->get_axis() < 0 ? softmax->get_axis() + static_cast<long>(rank)
                                              : softmax->get_axis();
    return over != static_cast<long>(axis);
  }
  if (const auto* softmax = dynamic_cast<const ov::op::v1::Softmax*>(&node)) {
    return softmax->get_axis() != axis;
  }
  return false;
}

std::size_t volume(const ov::Shape& shape, std::size_t end) {
  return ov::shape_size(ov::Shape(shape.begin(), shape.begin() + static_cast<long>(end)));
}

// The input axis that becomes `axis` of a reshape whole, or nothing.
std::optional<std::size_t> axis_before_reshape(const ov::Node& node, std::size_t axis) {
  const ov::Shape& in = node.get_input_shape(0);
  const ov::Shape& out = node.get_output_shape(0);
  for (std::size_t a = 0; a < in.size(); ++a) {
    if (in[a] == out[axis] && volume(in, a) == volume(out, axis)) {
      return a;
    }
  }
  return std::nullopt;
}

bool is_reshape(const ov::Node& node) {
  return is_op(node, "Reshape") || is_op(node, "Squeeze") || is_op(node, "Unsqueeze");
}

// For a node that owes row 0 along `axis`: the axis along which row 0 of its input is enough,
// kWhole if all of the input is needed; nothing if the node cannot work on one row.
std::optional<int> input_demand(const ov::Node& node, std::size_t index, std::size_t axis) {
  const ov::Shape& out = node.get_output_shape(0);
  const ov::Shape& in = node.get_input_shape(index);
  if (is_elementwise(node)) {
    if (in.size() > out.size()) {
      return std::nullopt;
    }
    const std::size_t missing = out.size() - in.size();
    const bool has_axis = axis >= missing && in[axis - missing] == out[axis] && out[axis] != 1;
    return has_axis ? static_cast<int>(axis - missing) : kWhole;
  }
  if (normalizes_other_axis(node, axis)) {
    return index == 0 ? static_cast<int>(axis) : kWhole;
  }
  if (is_op(node, "MatMul")) {
    const auto& product = static_cast<const ov::op::v0::MatMul&>(node);
    if (product.get_transpose_a() || axis + 2 != out.size() ||
        node.get_input_shape(0).size() != out.size()) {
      return std::nullopt;
    }
    return index == 0 ? static_cast<int>(axis) : kWhole;
  }
  if (is_op(node, "Transpose")) {
    const auto order = constant_values(node.input_value(1));
    if (!order) {
      return std::nullopt;
    }
    return index == 0 ? static_cast<int>((*order)[axis]) : kWhole;
  }
  if (is_reshape(node)) {
    const auto before = axis_before_reshape(node, axis);
    if (!before) {
      return std::nullopt;
    }
    return index == 0 ? static_cast<int>(*before) : kWhole;
  }
  return std::nullopt;
}

// Gather(x, 0, axis 1) or Slice(x, 0:1, axis 1).
bool selects_first_token(const ov::Node& node) {
  if (node.get_output_size() != 1 || node.get_input_size() < 3 ||
      node.get_input_shape(0).size() != 3) {
    return false;
  }
  if (is_op(node, "Gather")) {
    return scalar_value(node.input_value(1)) == 0.0F &&
           scalar_value(node.input_value(2)) == static_cast<float>(kTokenAxis);
  }
  return is_op(node, "Slice") && node.get_input_size() == 5 &&
         scalar_value(node.input_value(1)) == 0.0F && scalar_value(node.input_value(2)) == 1.0F &&
         scalar_value(node.input_value(4)) == static_cast<float>(kTokenAxis);
}

class RowRewriter {
 public:
  explicit RowRewriter(const std::shared_ptr<ov::Model>& model)
      : order_(model->get_ordered_ops()), constants_(constant_nodes(*model)) {}

  std::size_t run() {
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      spread_demand(*it);
    }
    std::size_t count = 0;
    for (const auto& node : order_) {
      const int axis = demand_of(node->output(0));
      if (axis != kWhole && works_on_row(*node, static_cast<std::size_t>(axis))) {
        build_row(node, static_cast<std::size_t>(axis));
        ++count;
      }
    }
    for (const auto& node : order_) {
      if (selects_first_token(*node) && demand_of(node->input_value(0)) != kWhole &&
          rows_.count(node->input_value(0)) != 0) {
        node->input(0).replace_source_output(rows_.at(node->input_value(0)));
      }
    }
    return count;
  }

 private:
  int demand_of(const Value& value) const {
    const auto found = demands_.find(value);
    return found == demands_.end() ? kWhole : found->second;
  }

  void demand(const Value& value, int axis) {
    const auto [place, fresh] = demands_.emplace(value, axis);
    if (!fresh && place->second != axis) {
      place->second = kWhole;
    }
  }

  bool works_on_row(const ov::Node& node, std::size_t axis) const {
    if (node.get_output_size() != 1 || constants_.count(&node) != 0 || node.get_input_size() == 0) {
      return false;
    }
    for (std::size_t i = 0; i < node.get_input_size(); ++i) {
      if (!input_demand(node, i, axis)) {
        return false;
      }
    }
    return true;
  }

  void spread_demand(const NodePtr& shared) {
    ov::Node& node = *shared;
    if (selects_first_token(node)) {
      demand(node.input_value(0), static_cast<int>(kTokenAxis));
      return;
    }
    const int axis =
        node.get_output_size() == 1 && !is_op(node, "Result") ? demand_of(node.output(0)) : kWhole;
    const bool row = axis != kWhole && works_on_row(node, static_cast<std::size_t>(axis));
    for (std::size_t i = 0; i < node.get_input_size(); ++i) {
      demand(node.input_value(i),
             row ? input_demand(node, i, static_cast<std::size_t>(axis)).value_or(kWhole) : kWhole);
    }
  }

  // Row 0 of a value: built by build_row, or cut from the whole.
  Value row_of(const Value& value, std::size_t axis) {
    if (const auto found = rows_.find(value); found != rows_.end()) {
      return found->second;
    }
    auto& cut = cuts_[{value, axis}];
    if (cut.get_node() == nullptr) {
      cut = std::make_shared<ov::op::v8::Slice>(value, make_indices({0}), make_indices({1}),
                                                make_indices({1}),
                                                make_indices({static_cast<std::int64_t>(axis)}))
                ->output(0);
    }
    return cut;
  }

  void build_row(const NodePtr& node, std::size_t axis) {
    ov::OutputVector inputs;
    for (std::size_t i = 0; i < node->get_input_size(); ++i) {
      const int wanted = input_demand(*node, i, axis).value_or(kWhole);
      const Value input = node->input_value(i);
      inputs.push_back(wanted == kWhole ? input : row_of(input, static_cast<std::size_t>(wanted)));
    }
    NodePtr copy;
    if (is_reshape(*node)) {
      const ov::Shape& out = node->get_output_shape(0);
      std::vector<std::int64_t> target(out.begin(), out.end());
      target[axis] = 1;
      copy = std::make_shared<ov::op::v1::Reshape>(inputs[0], make_indices(target), false);
    } else {
      copy = node->clone_with_new_inputs(inputs);
    }
    copy->set_friendly_name(node->get_friendly_name());
    rows_[node->output(0)] = copy->output(0);
  }

  ov::NodeVector order_;
  NodeSet constants_;
  std::map<Value, int> demands_;
  std::map<Value, Value> rows_;
  std::map<std::pair<Value, std::size_t>, Value> cuts_;
};

}  // namespace

std::size_t compute_token_rows(const std::shared_ptr<ov::Model>& model) {
  return RowRewriter(model).run();
}

}  // namespace zoa
