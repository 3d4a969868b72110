// SPDX-License-Identifier: Apache-2.0
// The JSON lines of 'zoa adapt'. docs/reference/adapt.md lists the fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoa/adapt/adapter.h"

#include "cli/frame_source.h"

namespace zoa::cli {

/// milliseconds  of the answer; none: no times
std::string frame_record(const Frame& frame,
                         const Prediction& prediction,
                         const std::vector<std::string>& labels,
                         std::optional<double> milliseconds);

/// Of a frame without a picture.
std::string error_record(const Frame& frame);

}  // namespace zoa::cli
