// SPDX-License-Identifier: Apache-2.0
// Collects calibration statistics: one run of the images through the float network.
#pragma once

#include "zoa/graph/products_ov.h"
#include "zoa/quantize/observe_ov.h"
#include "zoa/quantize/statistics.h"

namespace zoa {

/// Names of the entries of CalibrationStatistics. Linear layers that read one value share moments.
std::string value_key(const ov::Output<ov::Node>& value);
std::string moments_key(const Product& product);

/// Throws  UnsupportedModel for a network with infinities or NaNs on the images.
CalibrationStatistics collect_statistics(const std::shared_ptr<ov::Model>& network,
                                         const CalibrationData& calibration);

}  // namespace zoa
