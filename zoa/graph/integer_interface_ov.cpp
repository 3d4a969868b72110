// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/integer_interface_ov.h"

#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

bool is_integer(const ov::element::Type& type) {
  return type.is_integral_number() && type.bitwidth() <= 16;
}

// The frontend reads an integer input as Convert, FakeQuantize(codes -> values), perhaps with a
// Transpose on the codes. Returns  the Converts.
std::vector<NodePtr> find_converts(const ov::Output<ov::Node>& codes, const std::string& where) {
  std::vector<NodePtr> converts;
  for (const auto& reader : codes.get_target_inputs()) {
    const NodePtr node = reader.get_node()->shared_from_this();
    if (is_op(*node, "Transpose") || is_op(*node, "Reshape")) {
      const auto more = find_converts(node->output(0), where);
      converts.insert(converts.end(), more.begin(), more.end());
    } else if (is_op(*node, "Convert")) {
      converts.push_back(node);
    } else {
      fail(ErrorCode::UnsupportedModel, where, ": ", describe(*node), " reads the input of type ",
           codes.get_element_type(),
           " as it is; expected a scale and zero point first: export with a float input");
    }
  }
  return converts;
}

// Gives a quantizer of codes the range of the values: floats then land on the same grid.
void quantize_values(const NodePtr& convert, const std::string& where) {
  for (const auto& reader : convert->output(0).get_target_inputs()) {
    ov::Node& node = *reader.get_node();
    if (!is_op(node, "FakeQuantize")) {
      fail(ErrorCode::UnsupportedModel, where, ": ", describe(node), " reads the input of type ",
           convert->get_input_element_type(0),
           " without a scale and zero point; export with a float input");
    }
    node.input(1).replace_source_output(node.input_value(3));
    node.input(2).replace_source_output(node.input_value(4));
  }
  convert->output(0).replace(convert->input_value(0));
}

// Result <- Convert to integer <- FakeQuantize(values -> codes).
void give_values(const std::shared_ptr<ov::op::v0::Result>& result, const std::string& where) {
  const NodePtr convert = result->get_input_node_shared_ptr(0);
  const NodePtr quantize =
      is_op(*convert, "Convert") ? convert->get_input_node_shared_ptr(0) : convert;
  if (!is_op(*quantize, "FakeQuantize")) {
    fail(ErrorCode::UnsupportedModel, where, ": the output has type ",
         result->get_input_element_type(0), " and comes from ", describe(*quantize),
         "; expected a scale and zero point: export with a float output");
  }
  quantize->input(3).replace_source_output(quantize->input_value(1));
  quantize->input(4).replace_source_output(quantize->input_value(2));
  result->input(0).replace_source_output(quantize->output(0));
}

}  // namespace

void use_float_interface(const std::shared_ptr<ov::Model>& model, const std::string& where) {
  for (const auto& input : model->get_parameters()) {
    if (!is_integer(input->get_element_type()) || input->output(0).get_target_inputs().empty()) {
      continue;
    }
    for (const NodePtr& convert : find_converts(input->output(0), where)) {
      quantize_values(convert, where);
    }
    input->set_element_type(ov::element::f32);
  }
  for (const auto& result : model->get_results()) {
    if (is_integer(result->get_input_element_type(0))) {
      give_values(result, where);
    }
  }
  model->validate_nodes_and_infer_types();
}

}  // namespace zoa
