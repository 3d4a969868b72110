// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/attention_ov.h"

#include <cmath>

#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

// The node's scale input, or 1 / sqrt(width of a head); nothing if that is not known.
std::optional<float> scale_of(const ov::op::v13::ScaledDotProductAttention& node) {
  if (node.get_input_size() > 4) {
    return scalar_value(node.input_value(4));
  }
  const std::size_t width = channels_of(node.input_value(0), -1);
  if (width == 0) {
    return std::nullopt;
  }
  return 1.0F / std::sqrt(static_cast<float>(width));
}

// A mask that adds zero everywhere is how converters say "no mask".
bool has_mask(const ov::op::v13::ScaledDotProductAttention& node) {
  return node.get_input_size() > 3 && scalar_value(node.input_value(3)) != 0.0F;
}

}  // namespace

std::size_t expand_attention(const std::shared_ptr<ov::Model>& model) {
  std::size_t count = 0;
  for (const auto& node : model->get_ordered_ops()) {
    const auto attention = std::dynamic_pointer_cast<ov::op::v13::ScaledDotProductAttention>(node);
    if (attention == nullptr || attention->get_causal() || has_mask(*attention)) {
      continue;
    }
    const auto scale = scale_of(*attention);
    if (!scale) {
      continue;
    }
    const std::string name = node->get_friendly_name();
    auto scaled = std::make_shared<ov::op::v1::Multiply>(attention->input_value(0),
                                                         make_constant({}, {*scale}));
    auto scores =
        std::make_shared<ov::op::v0::MatMul>(scaled, attention->input_value(1), false, true);
    scores->set_friendly_name(name + "/scores");
    auto weights = std::make_shared<ov::op::v8::Softmax>(scores, -1);
    auto mixed =
        std::make_shared<ov::op::v0::MatMul>(weights, attention->input_value(2), false, false);
    mixed->set_friendly_name(name);
    ov::replace_node(node, mixed);
    ++count;
  }
  return count;
}

}  // namespace zoa
