// SPDX-License-Identifier: Apache-2.0
// The options that callers of the C interface write as JSON.
#pragma once

#include <cstddef>
#include <string_view>

#include "zoa/methods/method.h"

namespace zoa::capi {

inline constexpr std::size_t kMostOptionBytes = 1U << 16U;

/// A flat JSON object, e.g. {"window": 32, "lr": 1e-4}, to names and texts, in the order written.
/// Throws  InvalidArgument for anything that is not such an object; LimitExceeded for a text of
///         more than 64 KiB.
OptionValues parse_option_json(std::string_view text);

}  // namespace zoa::capi
