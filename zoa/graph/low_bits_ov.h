// SPDX-License-Identifier: Apache-2.0
// Quantizers of fewer than 8 bits in the one form that the runtime's int8 kernels take.
#pragma once

#include <cstddef>
#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// Puts every activation quantizer of 2 to 254 levels on the same grid inside 256 levels, and a
/// 256-level quantizer on the fine grid behind the sum of two quantizers of one value. The integers
/// stay those of the original quantizers; inputs within rounding of a tie can fall either way.
/// Left alone: output range other than input range, a zero between two steps.
/// A second call changes nothing. Returns  the number of quantizers rewritten; a sum counts once.
std::size_t lower_quantizers(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
