// SPDX-License-Identifier: Apache-2.0
// Quantizers of 16 bits, which the CPU runtime drops without a word.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// A FakeQuantize of 65,536 levels is removed by the CPU plugin, rounding and clipping included
/// (openvino PR 32719), but one of 65,535 levels is kept: gives up the last code, with the same
/// step and zero point, per tensor or per channel. QDQ's chain becomes one FakeQuantize on the way.
/// Quantizers of constants are computed exactly. Returns  the number of quantizers changed.
std::size_t keep_wide_quantizers(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
