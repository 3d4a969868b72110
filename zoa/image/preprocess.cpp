// SPDX-License-Identifier: Apache-2.0
#include "zoa/image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/image/codecs.h"
#include "zoa/image/resize.h"

namespace zoa {
namespace {

constexpr int kMaxInput = 65536;

void check_normalisation(const PreprocessSpec& spec) {
  if (!(spec.divisor > 0.F) || !std::isfinite(spec.divisor)) {
    fail(ErrorCode::InvalidArgument, "preprocess: divisor ", spec.divisor,
         ", expected a positive number");
  }
  for (std::size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(spec.mean[c])) {
      fail(ErrorCode::InvalidArgument, "preprocess: mean ", spec.mean[c],
           ", expected a finite number");
    }
    if (!(spec.std[c] > 0.F) || !std::isfinite(spec.std[c])) {
      fail(ErrorCode::InvalidArgument, "preprocess: std ", spec.std[c],
           ", expected a positive number");
    }
  }
}

// The size to resize to, before the crop: covers input / crop_pct in proportion.
Image resize_to_cover(const Image& image, const PreprocessSpec& spec, Interpolation interpolation) {
  const std::int64_t width = image.width;
  const std::int64_t height = image.height;
  auto to_width = static_cast<std::int64_t>(std::floor(spec.width / spec.crop_pct));
  auto to_height = static_cast<std::int64_t>(std::floor(spec.height / spec.crop_pct));
  if (width * to_height <= height * to_width) {
    to_height = to_width * height / width;
  } else {
    to_width = to_height * width / height;
  }
  return resize(image, static_cast<int>(to_width), static_cast<int>(to_height), interpolation);
}

// Pillow's "L": ITU-R 601 in 16-bit fixed point.
std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >>
                                   16);
}

std::array<float, 256> normalised_levels(const PreprocessSpec& spec, std::size_t channel) {
  std::array<float, 256> levels{};
  for (std::size_t value = 0; value < levels.size(); ++value) {
    const float scaled = static_cast<float>(value) / spec.divisor;
    const float centred = scaled - spec.mean[channel];
    levels[value] = centred / spec.std[channel];
  }
  return levels;
}

void write_triple(std::ostringstream& text, const std::array<float, 3>& values) {
  text << values[0] << ' ' << values[1] << ' ' << values[2];
}

}  // namespace

const std::vector<std::string>& list_presets() {
  static const std::vector<std::string> kNames{"imagenet", "inception", "none"};
  return kNames;
}

PreprocessSpec preset(const std::string& name, int height, int width) {
  PreprocessSpec spec;
  spec.height = height;
  spec.width = width;
  if (name == "imagenet") {
    spec.mean = {0.485F, 0.456F, 0.406F};
    spec.std = {0.229F, 0.224F, 0.225F};
  } else if (name == "inception") {
    spec.mean = {0.5F, 0.5F, 0.5F};
    spec.std = {0.5F, 0.5F, 0.5F};
  } else if (name == "none") {
    spec.divisor = 1.F;
  } else {
    fail(ErrorCode::InvalidArgument, unknown_name_text("preset", name, list_presets()));
  }
  check_preprocess(spec);
  return spec;
}

void check_preprocess(const PreprocessSpec& spec) {
  if (spec.height < 1 || spec.width < 1 || spec.height > kMaxInput || spec.width > kMaxInput) {
    fail(ErrorCode::InvalidArgument, "preprocess: input of ", spec.height, " x ", spec.width,
         ", expected 1..", kMaxInput);
  }
  if (spec.channels != 1 && spec.channels != 3) {
    fail(ErrorCode::InvalidArgument, "preprocess: ", spec.channels,
         " channels, expected 1 (luma) or 3 (RGB)");
  }
  if (!(spec.crop_pct >= 0.01 && spec.crop_pct <= 1.0)) {
    fail(ErrorCode::InvalidArgument, "preprocess: crop_pct ", spec.crop_pct,
         ", expected 0.01..1; it is a fraction, 0.875 keeps 224 of 256 pixels");
  }
  parse_interpolation(spec.interpolation);
  check_normalisation(spec);
}

Image fit_image(const Image& image, const PreprocessSpec& spec) {
  detail::check_image(image, "preprocess");
  check_preprocess(spec);
  const Interpolation interpolation = parse_interpolation(spec.interpolation);
  if (image.width > spec.width && image.height > spec.height) {
    return center_crop(resize_to_cover(image, spec, interpolation), spec.width, spec.height);
  }
  return resize(image, spec.width, spec.height, interpolation);
}

std::size_t num_values(const PreprocessSpec& spec) noexcept {
  return static_cast<std::size_t>(spec.channels) * static_cast<std::size_t>(spec.height) *
         static_cast<std::size_t>(spec.width);
}

void preprocess(const Image& image, const PreprocessSpec& spec, std::span<float> out) {
  const Image fitted = fit_image(image, spec);
  if (out.size() != num_values(spec)) {
    fail(ErrorCode::InvalidArgument, "preprocess: room for ", out.size(), " values, expected ",
         num_values(spec));
  }
  const std::size_t pixels = fitted.rgb.size() / 3;
  for (std::size_t c = 0; c < static_cast<std::size_t>(spec.channels); ++c) {
    const std::array<float, 256> levels = normalised_levels(spec, c);
    float* plane = &out[c * pixels];
    for (std::size_t i = 0; i < pixels; ++i) {
      const std::uint8_t* rgb = &fitted.rgb[3 * i];
      plane[i] = levels[spec.channels == 1 ? luma(rgb) : rgb[c]];
    }
  }
}

std::string describe(const PreprocessSpec& spec) {
  std::ostringstream text;
  text << "input " << spec.channels << 'x' << spec.height << 'x' << spec.width << ", "
       << spec.interpolation << ", crop " << spec.crop_pct << ", pixels / " << spec.divisor
       << ", mean ";
  write_triple(text, spec.mean);
  text << ", std ";
  write_triple(text, spec.std);
  return text.str();
}

}  // namespace zoa
