// SPDX-License-Identifier: Apache-2.0
// Counts multiplications of convolutions and matrix products.
#pragma once

#include <openvino/core/model.hpp>

namespace zoa {

/// Multiplications of one node, for static shapes; 0 for anything but products.
double count_multiplications(const ov::Node& node);
double count_multiplications(const ov::Model& model);

}  // namespace zoa
