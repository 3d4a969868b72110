// SPDX-License-Identifier: Apache-2.0
// Pillow's resampling, rewritten: the order of every floating-point step matters for equality.
#include "zoa/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/image/codecs.h"

namespace zoa {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr int kMaxSide = 1'000'000;

struct Filter {
  double (*weight)(double);
  double support;
};

double bilinear_weight(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double bicubic_weight(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) {
    return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  }
  return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * kA : 0.0;
}

double box_weight(double x) {
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

Filter filter_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::Box: return {box_weight, 0.5};
    case Interpolation::Bicubic: return {bicubic_weight, 2.0};
    default: return {bilinear_weight, 1.0};
  }
}

// Source positions and integer weights of every output position along one axis.
struct Coefficients {
  std::size_t stride = 0;             // weights per output position
  std::vector<std::size_t> first;     // first source position
  std::vector<std::size_t> count;     // source positions
  std::vector<std::int32_t> weights;  // (output, stride)
};

Coefficients compute_coefficients(int in_size, int out_size, const Filter& filter) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale;
  const double inverse = 1.0 / filter_scale;
  Coefficients result;
  result.stride = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  result.weights.resize(static_cast<std::size_t>(out_size) * result.stride);
  std::vector<double> exact(result.stride);
  for (int out = 0; out < out_size; ++out) {
    const double center = (out + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), in_size);
    const auto count = static_cast<std::size_t>(last - first);
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      exact[i] = filter.weight((static_cast<double>(i) + first - center + 0.5) * inverse);
      sum += exact[i];
    }
    std::int32_t* weights = &result.weights[static_cast<std::size_t>(out) * result.stride];
    for (std::size_t i = 0; i < count; ++i) {
      const double weight = sum != 0.0 ? exact[i] / sum : exact[i];
      const double scaled = weight * (1 << kPrecisionBits);
      weights[i] = static_cast<std::int32_t>(weight < 0 ? -0.5 + scaled : 0.5 + scaled);
    }
    result.first.push_back(static_cast<std::size_t>(first));
    result.count.push_back(count);
  }
  return result;
}

std::uint8_t clip8(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

Image resize_rows(const Image& image, int width, const Filter& filter) {
  const Coefficients table = compute_coefficients(image.width, width, filter);
  Image result(width, image.height);
  const auto in_stride = static_cast<std::size_t>(image.width) * 3;
  std::uint8_t* out = result.rgb.data();
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    for (std::size_t x = 0; x < table.count.size(); ++x, out += 3) {
      const std::uint8_t* in = &image.rgb[y * in_stride + table.first[x] * 3];
      const std::int32_t* weights = &table.weights[x * table.stride];
      std::int32_t red = 1 << (kPrecisionBits - 1);
      std::int32_t green = red;
      std::int32_t blue = red;
      for (std::size_t i = 0; i < table.count[x]; ++i, in += 3) {
        red += in[0] * weights[i];
        green += in[1] * weights[i];
        blue += in[2] * weights[i];
      }
      out[0] = clip8(red);
      out[1] = clip8(green);
      out[2] = clip8(blue);
    }
  }
  return result;
}

Image resize_columns(const Image& image, int height, const Filter& filter) {
  const Coefficients table = compute_coefficients(image.height, height, filter);
  Image result(image.width, height);
  const auto stride = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::int32_t> sums(stride);
  for (std::size_t y = 0; y < table.count.size(); ++y) {
    std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
    for (std::size_t i = 0; i < table.count[y]; ++i) {
      const std::int32_t weight = table.weights[y * table.stride + i];
      const std::uint8_t* in = &image.rgb[(table.first[y] + i) * stride];
      for (std::size_t x = 0; x < stride; ++x) {
        sums[x] += in[x] * weight;
      }
    }
    std::transform(sums.begin(), sums.end(), &result.rgb[y * stride], clip8);
  }
  return result;
}

// Source positions of nearest: running sums in double, as Pillow's affine transform has them.
std::vector<std::size_t> nearest_positions(int in_size, int out_size) {
  const double step = static_cast<double>(in_size) / out_size;
  double position = step * 0.5;
  std::vector<std::size_t> positions(static_cast<std::size_t>(out_size));
  for (std::size_t& value : positions) {
    value = std::min(static_cast<std::size_t>(position), static_cast<std::size_t>(in_size) - 1);
    position += step;
  }
  return positions;
}

Image resize_nearest(const Image& image, int width, int height) {
  const std::vector<std::size_t> columns = nearest_positions(image.width, width);
  const std::vector<std::size_t> rows = nearest_positions(image.height, height);
  Image result(width, height);
  std::uint8_t* out = result.rgb.data();
  for (const std::size_t y : rows) {
    const std::uint8_t* row = &image.rgb[y * static_cast<std::size_t>(image.width) * 3];
    for (const std::size_t x : columns) {
      out = std::copy_n(row + x * 3, 3, out);
    }
  }
  return result;
}

void check_size(int width, int height, const char* where) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    fail(ErrorCode::InvalidArgument, where, ": size ", width, " x ", height, ", expected 1..",
         kMaxSide);
  }
}

}  // namespace

const char* to_string(Interpolation interpolation) noexcept {
  switch (interpolation) {
    case Interpolation::Nearest: return "nearest";
    case Interpolation::Bilinear: return "bilinear";
    case Interpolation::Bicubic: return "bicubic";
    case Interpolation::Box: return "box";
  }
  return "?";
}

Interpolation parse_interpolation(const std::string& name) {
  for (const auto value : {Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic,
                           Interpolation::Box}) {
    if (name == to_string(value)) {
      return value;
    }
  }
  fail(ErrorCode::InvalidArgument,
       unknown_name_text("interpolation", name, {"nearest", "bilinear", "bicubic", "box"}));
}

Image resize(const Image& image, int width, int height, Interpolation interpolation) {
  detail::check_image(image, "resize");
  check_size(width, height, "resize");
  if (interpolation == Interpolation::Nearest) {
    return resize_nearest(image, width, height);
  }
  const Filter filter = filter_of(interpolation);
  if (width == image.width) {
    return height == image.height ? image : resize_columns(image, height, filter);
  }
  const Image wide = resize_rows(image, width, filter);
  return height == wide.height ? wide : resize_columns(wide, height, filter);
}

Image center_crop(const Image& image, int width, int height) {
  detail::check_image(image, "center_crop");
  check_size(width, height, "center_crop");
  // nearbyint rounds half to even, like Python's round.
  const int left = static_cast<int>(std::nearbyint((image.width - width) / 2.0));
  const int top = static_cast<int>(std::nearbyint((image.height - height) / 2.0));
  Image result(width, height);
  const int first = std::max(0, -left);
  const int last = std::min(width, image.width - left);
  for (int y = std::max(0, -top); y < std::min(height, image.height - top); ++y) {
    const auto from = (static_cast<std::ptrdiff_t>(y + top) * image.width + first + left) * 3;
    const auto to = (static_cast<std::ptrdiff_t>(y) * width + first) * 3;
    std::copy_n(image.rgb.begin() + from, (last - first) * 3, result.rgb.begin() + to);
  }
  return result;
}

}  // namespace zoa
