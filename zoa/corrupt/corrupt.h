// SPDX-License-Identifier: Apache-2.0
// The corruptions of ImageNet-C and CIFAR-10-C, made on the fly: Hendrycks and Dietterich,
// "Benchmarking neural network robustness to common corruptions and perturbations" (ICLR 2019).
// Names, order and severities are the published ones; the random numbers are ours, so a picture
// equals the published one in distribution, not pixel by pixel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoa/image/image.h"

namespace zoa {

/// Which published parameters: ImageNet for pictures of about 224 pixels, Cifar for about 32.
enum class Profile { ImageNet, Cifar };

struct CorruptionInfo {
  std::string name;         ///< official name, e.g. "gaussian_noise"
  std::string group;        ///< "noise", "blur", "weather" or "digital"
  bool validation = false;  ///< one of the four extra ones that are not part of the usual 15
};

/// Implemented corruptions in the published order, the validation ones last.
const std::vector<CorruptionInfo>& list_corruptions();

/// Version of OpenCV that filters and warps.
std::string opencv_version();

/// The profile for a picture's short side: Cifar below 64 pixels, else ImageNet.
Profile choose_profile(const Image& image) noexcept;

/// Seed of one picture of a data set, so that neither order nor threads matter.
std::uint64_t image_seed(std::uint64_t seed, std::int64_t id) noexcept;

/// One corrupted copy, same size. The same arguments give the same bytes.
/// severity  1..5.     seed  of this picture, from image_seed(); name and severity are mixed in
/// here Throws  InvalidArgument for an unknown name (the text lists the known ones), a severity out
/// of
///         range or an empty picture.
/// Source  the paper's tables and the released make_imagenet_c.py and make_cifar_c.py (parameters
///         only).   Differs: snow and frost draw their own textures.   Checked  corrupt_test.cpp
Image corrupt(
    const Image& image, const std::string& name, int severity, Profile profile, std::uint64_t seed);

}  // namespace zoa
