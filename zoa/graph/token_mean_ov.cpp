// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/token_mean_ov.h"

#include <openvino/core/graph_util.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/squeeze.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

std::size_t separate_token_means(const std::shared_ptr<ov::Model>& model) {
  std::size_t count = 0;
  for (const auto& node : model->get_ordered_ops()) {
    const auto mean = std::dynamic_pointer_cast<ov::op::v1::ReduceMean>(node);
    if (mean == nullptr || mean->get_keep_dims() ||
        mean->get_input_partial_shape(0).rank() != ov::Rank(3) ||
        !scalar_value(mean->input_value(1))) {
      continue;
    }
    auto kept =
        std::make_shared<ov::op::v1::ReduceMean>(mean->input_value(0), mean->input_value(1), true);
    kept->set_friendly_name(mean->get_friendly_name() + "/kept");
    auto squeeze = std::make_shared<ov::op::v0::Squeeze>(kept, mean->input_value(1));
    squeeze->set_friendly_name(mean->get_friendly_name());
    ov::replace_node(mean, squeeze);
    ++count;
  }
  return count;
}

}  // namespace zoa
