// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/prompts_ov.h"

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

// The target of a Reshape for n more tokens: the first axis after the batch that held T and makes
// the sizes fit again.
std::vector<std::int64_t> raised_target(const std::vector<std::int64_t>& target,
                                        std::size_t elements,
                                        std::int64_t tokens,
                                        std::int64_t more) {
  for (std::size_t axis = 1; axis < target.size(); ++axis) {
    if (target[axis] != tokens) {
      continue;
    }
    auto raised = target;
    raised[axis] += more;
    std::size_t product = 1;
    for (const std::int64_t size : raised) {
      product *= static_cast<std::size_t>(size);
    }
    if (product == elements) {
      return raised;
    }
  }
  return {};
}

// True if the target leaves a size open (-1, or 0 = as before) or already fits.
bool is_free(const std::vector<std::int64_t>& target, std::size_t elements) {
  std::size_t product = 1;
  for (const std::int64_t size : target) {
    if (size <= 0) {
      return true;
    }
    product *= static_cast<std::size_t>(size);
  }
  return product == elements;
}

void raise_reshape(ov::Node& node, std::int64_t tokens, std::int64_t more) {
  const auto constant =
      std::dynamic_pointer_cast<op::v0::Constant>(node.get_input_node_shared_ptr(1));
  if (constant == nullptr) {
    return;
  }
  const auto target = constant->cast_vector<std::int64_t>();
  const std::size_t elements = ov::shape_size(node.get_input_shape(0));
  if (is_free(target, elements)) {
    return;
  }
  const auto raised = raised_target(target, elements, tokens, more);
  if (raised.empty()) {
    fail(ErrorCode::UnsupportedModel, describe(node), ": its shape is fixed for ", tokens,
         " tokens; prompts cannot be inserted");
  }
  node.input(1).replace_source_output(make_indices(raised)->output(0));
}

}  // namespace

void insert_prompts(const std::shared_ptr<ov::Model>& model,
                    const Structure& structure,
                    const Value& prompts) {
  if (structure.family != Family::Vit || !structure.reads_token) {
    fail(ErrorCode::UnsupportedModel, model->get_friendly_name(),
         ": prompts need a transformer whose head reads a class token");
  }
  const Value stream = structure.residuals.front().input;
  const ov::Shape shape = stream.get_shape();  // (B, T, D)
  const auto tokens = static_cast<std::int64_t>(shape[1]);
  const auto more = static_cast<std::int64_t>(prompts.get_shape()[1]);
  const auto readers = stream.get_target_inputs();
  const auto split = std::make_shared<op::v1::VariadicSplit>(
      stream, op::v0::Constant::create(ov::element::i64, {}, {1}), make_indices({1, tokens - 1}));
  const Value all = std::make_shared<op::v3::Broadcast>(
                        prompts, make_indices({static_cast<std::int64_t>(shape[0]), more,
                                               static_cast<std::int64_t>(shape[2])}))
                        ->output(0);
  const auto joined = std::make_shared<op::v0::Concat>(
      ov::OutputVector{split->output(0), all, split->output(1)}, 1);
  NodeSet behind{joined.get()};
  for (auto reader : readers) {
    reader.replace_source_output(joined->output(0));
  }
  for (const auto& node : model->get_ordered_ops()) {
    bool depends = false;
    for (const auto& input : node->input_values()) {
      depends = depends || behind.count(input.get_node()) != 0;
    }
    if (!depends) {
      continue;
    }
    behind.insert(node.get());
    if (is_op(*node, "Reshape")) {
      raise_reshape(*node, tokens, more);
    }
    node->validate_and_infer_types();
  }
}

void insert_input_filter(const std::shared_ptr<ov::Model>& model, const Value& weights) {
  const Value image = model->get_parameters().front()->output(0);
  const auto readers = image.get_target_inputs();
  const auto pad = static_cast<std::ptrdiff_t>(weights.get_shape()[2] / 2);
  const ov::CoordinateDiff pads{pad, pad};
  const Value filtered = std::make_shared<op::v1::Convolution>(image, weights, ov::Strides{1, 1},
                                                               pads, pads, ov::Strides{1, 1})
                             ->output(0);
  const Value sum = std::make_shared<op::v1::Add>(image, filtered)->output(0);
  for (auto reader : readers) {
    reader.replace_source_output(sum);
  }
}

}  // namespace zoa
