// SPDX-License-Identifier: Apache-2.0
// Floats from pixels and back, and the filters that several corruptions use.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "zoa/corrupt/families.h"

namespace zoa::detail {
namespace {

// Before rounding down: undoes the rounding of v / 255 * 255, so that an untouched value comes
// back.
constexpr float kShift = 1e-3F;

// Where output positions of one axis read: the lower neighbour and the weight of the upper one.
struct Tap {
  int low = 0;
  int high = 0;
  float weight = 0.F;
};

// scipy.ndimage.zoom, order 1: the first and last samples of the cropped axis stay where they are.
std::vector<Tap> zoom_taps(int size, double zoom) {
  const int cropped = std::max(1, static_cast<int>(std::ceil(size / zoom)));
  const int first = (size - cropped) / 2;
  const int grown = std::max(size, static_cast<int>(std::nearbyint(cropped * zoom)));
  const int trim = (grown - size) / 2;
  const double step = grown > 1 ? static_cast<double>(cropped - 1) / (grown - 1) : 0.0;
  std::vector<Tap> taps(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    const double position = (i + trim) * step;
    const int low = std::min(static_cast<int>(position), cropped - 1);
    taps[static_cast<std::size_t>(i)] = {first + low, first + std::min(low + 1, cropped - 1),
                                         static_cast<float>(position - low)};
  }
  return taps;
}

}  // namespace

Field to_field(const Image& image) {
  Field field(image.width, image.height, 3);
  std::transform(image.rgb.begin(), image.rgb.end(), field.values.begin(),
                 [](std::uint8_t value) { return static_cast<float>(value) / 255.F; });
  return field;
}

Image to_image(const Field& field) {
  Image image(field.width, field.height);
  std::transform(field.values.begin(), field.values.end(), image.rgb.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::min(std::max(value, 0.F) * 255.F + kShift, 255.F));
  });
  return image;
}

void floor_values(Field& field) {
  for (float& value : field.values) {
    value = std::floor(std::clamp(value, 0.F, 1.F) * 255.F + kShift) / 255.F;
  }
}

Field blur_gaussian(const Field& field, double sigma, double truncate) {
  const int radius = static_cast<int>(truncate * sigma + 0.5);
  if (radius == 0) {
    return field;
  }
  Field result = field;
  const int type = CV_MAKETYPE(CV_32F, field.channels);
  cv::Mat mat(field.height, field.width, type, result.values.data());
  cv::GaussianBlur(mat, mat, cv::Size(2 * radius + 1, 2 * radius + 1), sigma, sigma,
                   cv::BORDER_REPLICATE);
  return result;
}

Field zoom_center(const Field& field, double zoom) {
  const std::vector<Tap> columns = zoom_taps(field.width, zoom);
  const std::vector<Tap> rows = zoom_taps(field.height, zoom);
  Field result(field.width, field.height, field.channels);
  std::vector<float> mixed(static_cast<std::size_t>(field.width * field.channels));
  float* out = result.values.data();
  for (const Tap& row : rows) {
    const float* low = &field.values[field.at(0, row.low)];
    const float* high = &field.values[field.at(0, row.high)];
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      mixed[i] = low[i] + (high[i] - low[i]) * row.weight;
    }
    for (const Tap& column : columns) {
      const float* left = &mixed[field.at(column.low, 0)];
      const float* right = &mixed[field.at(column.high, 0)];
      for (int c = 0; c < field.channels; ++c) {
        *out++ = left[c] + (right[c] - left[c]) * column.weight;
      }
    }
  }
  return result;
}

// The trail's geometry is ImageMagick's MotionBlurImage, which drew the released sets.
Field blur_motion(const Field& field, double radius, double sigma, double angle) {
  const int taps = 2 * static_cast<int>(radius) + 1;
  const double turn = angle * std::numbers::pi / 180.0;
  std::vector<float> weights;
  std::vector<int> dx;
  std::vector<int> dy;
  double sum = 0.0;
  for (int i = 0; i < taps; ++i) {
    const double weight = std::exp(-i * i / (2.0 * sigma * sigma));
    weights.push_back(static_cast<float>(weight));
    dx.push_back(static_cast<int>(std::ceil(i * std::cos(turn) - 0.5)));
    dy.push_back(static_cast<int>(std::ceil(i * std::sin(turn) - 0.5)));
    sum += weight;
  }
  Field result(field.width, field.height, field.channels);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float weight = weights[i] / static_cast<float>(sum);
    float* out = result.values.data();
    for (int y = 0; y < field.height; ++y) {
      const int from_y = std::clamp(y + dy[i], 0, field.height - 1);
      for (int x = 0; x < field.width; ++x) {
        const int from_x = std::clamp(x + dx[i], 0, field.width - 1);
        const float* in = &field.values[field.at(from_x, from_y)];
        for (int c = 0; c < field.channels; ++c) {
          *out++ += weight * in[c];
        }
      }
    }
  }
  return result;
}

}  // namespace zoa::detail
