// SPDX-License-Identifier: Apache-2.0
// Memory of this process, for the records of an evaluation and the frames of a bench.
#pragma once

#include <optional>

namespace zoa {

/// The most resident memory that this process has had so far (VmHWM of /proc/self/status), in MB
/// (10^6 bytes). It never falls: of methods that share a process it is an upper bound.
/// None where the system does not tell.
std::optional<double> peak_rss_mb();

/// The resident memory of this process now (VmRSS), in MB. None where the system does not tell.
std::optional<double> rss_mb();

}  // namespace zoa
