// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/layer_norm_ov.h"

#include <cmath>

#include <openvino/core/graph_util.hpp>
#include <openvino/op/mvn.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// x, if value is ReduceMean(x) over the last axis.
std::optional<Value> mean_of(const Value& value) {
  const ov::Node& node = *value.get_node();
  if (!is_op(node, "ReduceMean") || node.get_input_partial_shape(0).rank().is_dynamic()) {
    return std::nullopt;
  }
  const auto axis = scalar_value(node.input_value(1));
  const auto rank = static_cast<float>(node.get_input_partial_shape(0).rank().get_length());
  if (!axis || (*axis != -1.0F && *axis != rank - 1)) {
    return std::nullopt;
  }
  return node.input_value(0);
}

// x, if value is x - mean(x).
std::optional<Value> centred(const Value& value) {
  const ov::Node& node = *value.get_node();
  if (!is_op(node, "Subtract")) {
    return std::nullopt;
  }
  const auto mean = mean_of(node.input_value(1));
  if (!mean || *mean != node.input_value(0)) {
    return std::nullopt;
  }
  return node.input_value(0);
}

// x, if value is the square of x - mean(x).
std::optional<Value> squared_deviation(const Value& value) {
  const ov::Node& node = *value.get_node();
  if (is_op(node, "Power") && scalar_value(node.input_value(1)) == 2.0F) {
    return centred(node.input_value(0));
  }
  if (is_op(node, "Multiply")) {
    const auto left = centred(node.input_value(0));
    const auto right = centred(node.input_value(1));
    return left && right && *left == *right ? left : std::nullopt;
  }
  if (is_op(node, "SquaredDifference")) {
    const auto mean = mean_of(node.input_value(1));
    return mean && *mean == node.input_value(0) ? mean : std::nullopt;
  }
  return std::nullopt;
}

struct Variance {
  Value input;
  float eps = 0;
};

// x and eps, if value is var(x) + eps.
std::optional<Variance> variance_plus_eps(const Value& value) {
  const ov::Node& node = *value.get_node();
  if (!is_op(node, "Add")) {
    return std::nullopt;
  }
  for (const std::size_t side : {0U, 1U}) {
    const auto eps = scalar_value(node.input_value(1 - side));
    const auto squares = mean_of(node.input_value(side));
    if (!eps || !squares) {
      continue;
    }
    if (const auto input = squared_deviation(*squares)) {
      return Variance{*input, *eps};
    }
  }
  return std::nullopt;
}

// x and eps, if value is sqrt(var(x) + eps) (exponent 0.5) or its inverse (-0.5).
std::optional<Variance> root(const Value& value, float exponent) {
  const ov::Node& node = *value.get_node();
  if (exponent > 0 && is_op(node, "Sqrt")) {
    return variance_plus_eps(node.input_value(0));
  }
  if (is_op(node, "Power") && scalar_value(node.input_value(1)) == exponent) {
    return variance_plus_eps(node.input_value(0));
  }
  if (exponent < 0 && is_op(node, "Divide") && scalar_value(node.input_value(0)) == 1.0F) {
    return root(node.input_value(1), -exponent);
  }
  return std::nullopt;
}

std::optional<Variance> match(const ov::Node& node) {
  const bool divide = is_op(node, "Divide");
  if (!divide && !is_op(node, "Multiply")) {
    return std::nullopt;
  }
  const auto input = centred(node.input_value(0));
  const auto variance = input ? root(node.input_value(1), divide ? 0.5F : -0.5F) : std::nullopt;
  return variance && variance->input == *input ? variance : std::nullopt;
}

}  // namespace

std::size_t fuse_layer_norms(const std::shared_ptr<ov::Model>& model) {
  std::size_t count = 0;
  for (const auto& node : model->get_ordered_ops()) {
    const auto found = match(*node);
    if (!found) {
      continue;
    }
    auto mvn = std::make_shared<ov::op::v6::MVN>(found->input, make_indices({-1}), true, found->eps,
                                                 ov::op::MVNEpsMode::INSIDE_SQRT);
    mvn->set_friendly_name(node->get_friendly_name());
    ov::replace_node(node, mvn);
    ++count;
  }
  return count;
}

}  // namespace zoa
