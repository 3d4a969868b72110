// SPDX-License-Identifier: Apache-2.0
#include <openvino/op/matmul.hpp>

#include "zoa/engine/cost_ov.h"
#include "zoa/graph/ops_ov.h"

namespace zoa {

double count_multiplications(const ov::Node& node) {
  if (node.get_output_size() != 1 || node.get_output_partial_shape(0).is_dynamic()) {
    return 0;
  }
  const auto outputs = static_cast<double>(ov::shape_size(node.get_output_shape(0)));
  if (is_op(node, "MatMul")) {
    const auto& product = static_cast<const ov::op::v0::MatMul&>(node);
    const ov::Shape& a = node.get_input_shape(0);
    const std::size_t inner = a.size() < 2                ? a.back()
                              : product.get_transpose_a() ? a[a.size() - 2]
                                                          : a.back();
    return outputs * static_cast<double>(inner);
  }
  if (is_op(node, "Convolution") || is_op(node, "GroupConvolution")) {
    // Per output value: input channels of its group times the kernel; that is the weights of one
    // output channel.
    const ov::Shape& weights = node.get_input_shape(1);
    const std::size_t skipped = is_op(node, "GroupConvolution") ? 2 : 1;
    double per_output = 1;
    for (std::size_t i = skipped; i < weights.size(); ++i) {
      per_output *= static_cast<double>(weights[i]);
    }
    return outputs * per_output;
  }
  return 0;
}

double count_multiplications(const ov::Model& model) {
  double sum = 0;
  for (const auto& node : model.get_ops()) {
    sum += count_multiplications(*node);
  }
  return sum;
}

}  // namespace zoa
