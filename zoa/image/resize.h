// SPDX-License-Identifier: Apache-2.0
// Resizing exactly as Pillow does it: accuracy figures depend on this more than on int8.
// Called by preprocess() and by the corruptions of pictures larger than the network's input.
#pragma once

#include <string>

#include "zoa/image/image.h"

namespace zoa {

enum class Interpolation { Nearest, Bilinear, Bicubic, Box };

/// Text of an interpolation as options and model files spell it: "nearest", "bilinear", "bicubic",
/// "box" (the mean of the pixels covered).
const char* to_string(Interpolation interpolation) noexcept;

/// Throws  InvalidArgument for any other word; the text lists the known ones.
Interpolation parse_interpolation(const std::string& name);

/// Resizes to width x height. All but nearest are two passes, rows first, with a support that
/// grows when shrinking (antialias), 22-bit integer coefficients and clipping between the passes.
/// Throws  InvalidArgument for an empty picture or a side outside 1..1000000.
/// Source  Pillow, src/libImaging/Resample.c and Geometry.c (facts only, the code is ours).
/// Differs: Pillow 13 runs columns first where the height shrinks much more than the width (a few
///         values move by one there); we keep rows first, as all versions before it.
///         Checked  resize_test.cpp, bit for bit against Pillow's output.
Image resize(const Image& image, int width, int height, Interpolation interpolation);

/// The middle width x height part; offsets round half to even as torchvision's do. Where the
/// picture is smaller, the rest is black. Throws  InvalidArgument for an empty picture or a size
/// outside 1..65535.
Image center_crop(const Image& image, int width, int height);

}  // namespace zoa
