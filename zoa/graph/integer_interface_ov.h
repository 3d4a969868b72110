// SPDX-License-Identifier: Apache-2.0
// Networks whose file takes and gives integers (full-int8 TFLite).
#pragma once

#include <memory>
#include <string>

#include <openvino/core/model.hpp>

namespace zoa {

/// Makes an integer image input float: the quantizer that the file's scale and zero point describe
/// works on the float image instead. Makes integer outputs float: the values that the codes stand
/// for. Float inputs and outputs are left alone.
/// Throws  UnsupportedModel where an integer input or output has no scale and zero point.
void use_float_interface(const std::shared_ptr<ov::Model>& model, const std::string& where);

}  // namespace zoa
