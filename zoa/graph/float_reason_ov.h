// SPDX-License-Identifier: Apache-2.0
// Why a product of a network quantized elsewhere cannot run on int8 kernels.
#pragma once

#include <string>

#include "zoa/graph/products_ov.h"

namespace zoa {

/// What the quantizers of the file leave the runtime no int8 kernel for, as a text for listings:
/// "its input is quantized to 16 bits: runs in float". Empty where nothing speaks against int8.
/// The rules are those of OpenVINO 2026.4's CPU plugin, found by trying.
std::string float_reason(const Product& product);

}  // namespace zoa
