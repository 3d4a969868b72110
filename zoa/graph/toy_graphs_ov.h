// SPDX-License-Identifier: Apache-2.0
// Small networks made in code, for the tests of graph passes: run them before and after.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>

#include "zoa/graph/ops_ov.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa::toy {

using Value = ov::Output<ov::Node>;

inline std::shared_ptr<ov::op::v0::Parameter> parameter(const ov::PartialShape& shape) {
  return std::make_shared<ov::op::v0::Parameter>(ov::element::f32, shape);
}

inline std::shared_ptr<ov::Model> model(const Value& output, const ov::ParameterVector& inputs) {
  return std::make_shared<ov::Model>(ov::OutputVector{output}, inputs);
}

inline std::size_t count(const ov::Model& model, std::string_view type) {
  std::size_t found = 0;
  for (const auto& node : model.get_ops()) {
    found += std::string_view(node->get_type_info().name) == type ? 1U : 0U;
  }
  return found;
}

/// First output on a fixed pseudo-random input of a static shape.
inline std::vector<float> run(const std::shared_ptr<ov::Model>& model) {
  auto request = runtime_core()
                     .compile_model(model, "CPU", {{"INFERENCE_PRECISION_HINT", "f32"}})
                     .create_infer_request();
  ov::Tensor input = request.get_input_tensor(0);
  for (std::size_t i = 0; i < input.get_size(); ++i) {
    input.data<float>()[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i * i + 1)));
  }
  request.infer();
  const ov::Tensor output = request.get_output_tensor(0);
  return {output.data<const float>(), output.data<const float>() + output.get_size()};
}

/// Largest difference of two results; infinite where their sizes differ.
inline float difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) {
    return INFINITY;
  }
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

}  // namespace zoa::toy
