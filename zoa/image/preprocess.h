// SPDX-License-Identifier: Apache-2.0
// From a picture to a network's input. A PreprocessSpec is chosen once, when a model is quantized,
// stored in the model folder and printed loudly; every verb uses the stored one.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "zoa/image/image.h"

namespace zoa {

struct PreprocessSpec {
  int height = 224;  ///< the network's input
  int width = 224;
  int channels = 3;        ///< 3 = RGB, 1 = luma (mean[0] and std[0] are used)
  float divisor = 255.0F;  ///< pixels are divided by it first: 255, or 1 for "none"
  std::array<float, 3> mean{0.F, 0.F, 0.F};  ///< after the division, so in 0..1 (0..255 for "none")
  std::array<float, 3> std{1.F, 1.F, 1.F};   ///< likewise; positive
  std::string interpolation = "bicubic";     ///< "nearest", "bilinear", "bicubic" or "box"
  double crop_pct = 0.875;                   ///< 0.01..1: part of the short side that is kept

  bool operator==(const PreprocessSpec&) const = default;
};

/// Names that preset() knows: imagenet, inception, none.
const std::vector<std::string>& list_presets();

/// A preset for an input of height x width.
///   imagenet   /255, mean .485 .456 .406, std .229 .224 .225     inception  /255, mean = std = .5
///   none       pixels as they are, 0..255                         all bicubic, crop_pct 0.875
/// Throws  InvalidArgument for an unknown name; the text lists the known ones.
PreprocessSpec preset(const std::string& name, int height, int width);

/// Throws  InvalidArgument if a field is out of its range.
void check_preprocess(const PreprocessSpec& spec);

/// The geometry alone: the network's input as a picture.
/// A picture larger than the input in both directions: short side to floor(input / crop_pct), the
/// other one in proportion (rounded down), then the centre crop. Any other: straight to the input
/// size, the proportions not kept. A picture of the input's size is left alone.
/// Throws  InvalidArgument for an empty picture or a spec out of range.
Image fit_image(const Image& image, const PreprocessSpec& spec);

/// fit_image, then (x / divisor - mean) / std in float32, each step rounded as written.
/// out  (channels, height, width) f32
/// Throws  InvalidArgument if out has another size, and what fit_image throws.
void preprocess(const Image& image, const PreprocessSpec& spec, std::span<float> out);

/// Values that preprocess writes: channels * height * width.
std::size_t num_values(const PreprocessSpec& spec) noexcept;

/// One line for people, e.g. "input 3x224x224, bicubic, crop 0.875, pixels / 255, mean ...".
std::string describe(const PreprocessSpec& spec);

}  // namespace zoa
