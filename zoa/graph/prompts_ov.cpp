// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/prompts_ov.h"

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

// The target of a Reshape for n more tokens: the first axis after the batch that held T and makes
// the sizes fit again. `shape` is what it gave before; none fits: empty.
std::vector<std::int64_t> raised_target(const ov::Shape& shape,
                                        std::size_t elements,
                                        std::size_t tokens,
                                        std::size_t more) {
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    ov::Shape raised = shape;
    raised[axis] += more;
    if (shape[axis] == tokens && ov::shape_size(raised) == elements) {
      return {raised.begin(), raised.end()};
    }
  }
  return {};
}

// node  not yet validated since its input has more tokens: its output shape is the old one
void raise_reshape(ov::Node& node, std::size_t tokens, std::size_t more) {
  const ov::Shape shape = node.get_output_shape(0);
  const std::size_t elements = ov::shape_size(node.get_input_shape(0));
  if (ov::shape_size(shape) == elements) {
    return;
  }
  const auto raised = raised_target(shape, elements, tokens, more);
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
  const ov::Shape& shape = stream.get_shape();  // (B, T, D)
  const std::size_t tokens = shape[1];
  const std::size_t more = prompts.get_shape()[1];
  const auto readers = stream.get_target_inputs();
  const auto split = std::make_shared<op::v1::VariadicSplit>(
      stream, op::v0::Constant::create(ov::element::i64, {}, {1}),
      make_indices({1, static_cast<std::int64_t>(tokens) - 1}));
  const Value all = std::make_shared<op::v3::Broadcast>(
                        prompts, make_indices({static_cast<std::int64_t>(shape[0]),
                                               static_cast<std::int64_t>(more),
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
