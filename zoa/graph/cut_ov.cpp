// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/cut_ov.h"

#include <openvino/op/ops.hpp>

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

NodeSet slot_dependents(const ov::Model& model) {
  NodeSet dependents;
  const auto& parameters = model.get_parameters();
  for (std::size_t i = 1; i < parameters.size(); ++i) {
    dependents.insert(parameters[i].get());
  }
  for (const auto& node : model.get_ordered_ops()) {
    for (const auto& input : node->input_values()) {
      if (dependents.count(input.get_node()) != 0) {
        dependents.insert(node.get());
      }
    }
  }
  return dependents;
}

}  // namespace

Cut cut_model(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  const NodeSet dependents = slot_dependents(*model);
  Cut cut;
  ov::ResultVector prefix_results;
  ov::ResultVector suffix_results;
  ov::ParameterVector suffix_inputs;
  std::map<Value, std::shared_ptr<ov::op::v0::Parameter>> border;
  for (const auto& node : model->get_ordered_ops()) {
    if (dependents.count(node.get()) == 0) {
      continue;
    }
    for (auto& input : node->inputs()) {
      const Value source = input.get_source_output();
      if (dependents.count(source.get_node()) != 0 || constants.count(source.get_node()) != 0) {
        continue;
      }
      auto& parameter = border[source];
      if (parameter == nullptr) {
        parameter = std::make_shared<ov::op::v0::Parameter>(source.get_element_type(),
                                                            source.get_partial_shape());
        parameter->set_friendly_name("border." + std::to_string(suffix_inputs.size()));
        suffix_inputs.push_back(parameter);
        prefix_results.push_back(std::make_shared<ov::op::v0::Result>(source));
      }
      input.replace_source_output(parameter->output(0));
    }
  }
  cut.border = suffix_inputs.size();
  for (const auto& result : model->get_results()) {
    const bool late = dependents.count(result.get()) != 0;
    (late ? suffix_results : prefix_results).push_back(result);
    (late ? cut.suffix_outputs : cut.prefix_outputs).push_back(result->get_friendly_name());
  }
  const auto& parameters = model->get_parameters();
  suffix_inputs.insert(suffix_inputs.end(), parameters.begin() + 1, parameters.end());
  cut.prefix = std::make_shared<ov::Model>(prefix_results, ov::ParameterVector{parameters.front()},
                                           "prefix");
  if (!suffix_results.empty()) {
    cut.suffix = std::make_shared<ov::Model>(suffix_results, suffix_inputs, "suffix");
  }
  return cut;
}

}  // namespace zoa
