// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/cut_ov.h"

#include <openvino/op/ops.hpp>

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// Convolutions keep their maps channels last: in that order a map crosses as it lies in memory.
const std::vector<std::int64_t> kToChannelsLast{0, 2, 3, 1};
const std::vector<std::int64_t> kToChannelsFirst{0, 3, 1, 2};

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

// Values that cross from the prefix to the suffix, and both their ends.
class Border {
 public:
  // Where a value of the prefix arrives in the suffix.
  Value arrival(const Value& source) {
    Value& known = arrivals_[source];
    if (known.get_node() == nullptr) {
      known = carry(source);
    }
    return known;
  }

  ov::ResultVector prefix_results;
  ov::ParameterVector suffix_inputs;

 private:
  Value carry(const Value& source) {
    const bool map = source.get_partial_shape().rank() == ov::Rank(4);
    const Value leaving = map ? transpose(source, kToChannelsLast) : source;
    const auto parameter = std::make_shared<ov::op::v0::Parameter>(leaving.get_element_type(),
                                                                   leaving.get_partial_shape());
    parameter->set_friendly_name("border." + std::to_string(suffix_inputs.size()));
    suffix_inputs.push_back(parameter);
    prefix_results.push_back(std::make_shared<ov::op::v0::Result>(leaving));
    return map ? transpose(parameter, kToChannelsFirst) : parameter->output(0);
  }

  std::map<Value, Value> arrivals_;
};

}  // namespace

Cut cut_model(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  const NodeSet dependents = slot_dependents(*model);
  Border border;
  for (const auto& node : model->get_ordered_ops()) {
    if (dependents.count(node.get()) == 0) {
      continue;
    }
    for (auto& input : node->inputs()) {
      const Value source = input.get_source_output();
      if (dependents.count(source.get_node()) == 0 && constants.count(source.get_node()) == 0) {
        input.replace_source_output(border.arrival(source));
      }
    }
  }
  Cut cut;
  ov::ResultVector& prefix_results = border.prefix_results;
  ov::ParameterVector& suffix_inputs = border.suffix_inputs;
  ov::ResultVector suffix_results;
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
