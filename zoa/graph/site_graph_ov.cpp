// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/site_graph_ov.h"

#include <openvino/op/ops.hpp>

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

std::vector<std::int64_t> row_axes(const Value& value) {
  return value.get_shape().size() == 3 ? std::vector<std::int64_t>{0, 1}
                                       : std::vector<std::int64_t>{0};
}

std::size_t channels_in(const Value& value) {
  return value.get_shape()[value.get_shape().size() == 4 ? 1 : value.get_shape().size() - 1];
}

// (C / g, g, N): the channels in groups, N rows.
Value to_groups(const Value& value, std::size_t group) {
  const std::size_t channels = channels_in(value);
  const std::size_t rows = ov::shape_size(value.get_shape()) / channels;
  if (value.get_shape().size() == 4) {
    return reshape(transpose(value, {1, 0, 2, 3}), {channels / group, group, rows});
  }
  return transpose(reshape(value, {rows, channels / group, group}), {1, 2, 0});
}

Value from_groups(const Value& grouped, const ov::Shape& shape) {
  if (shape.size() == 4) {
    return transpose(reshape(grouped, {shape[1], shape[0], shape[2], shape[3]}), {1, 0, 2, 3});
  }
  return reshape(transpose(grouped, {2, 0, 1}), shape);
}

Value reduce_mean(const Value& value, const std::vector<std::int64_t>& axes) {
  return std::make_shared<op::v1::ReduceMean>(value, make_indices(axes), true)->output(0);
}

Value mean_over(const Value& value) {
  const bool map = value.get_shape().size() == 4;
  return map ? reduce_mean(mean_of_positions(value), {0}) : reduce_mean(value, row_axes(value));
}

}  // namespace

Value mean_of_positions(const Value& map) {
  const ov::Shape& shape = map.get_shape();
  return std::make_shared<op::v1::AvgPool>(map, ov::Strides{1, 1}, ov::Shape{0, 0}, ov::Shape{0, 0},
                                           ov::Shape{shape[2], shape[3]}, true,
                                           op::RoundingType::FLOOR)
      ->output(0);
}

Value mean_of_images(const Value& value) {
  return value.get_shape().size() == 4 ? mean_of_positions(value) : reduce_mean(value, {1});
}

ValueMoments measure_value(const Value& value, std::size_t group) {
  const std::size_t channels = channels_in(value);
  ValueMoments moments;
  const Value mean = mean_over(value);
  const Value centred = std::make_shared<op::v1::Subtract>(value, mean)->output(0);
  const Value squares = std::make_shared<op::v1::Multiply>(centred, centred)->output(0);
  moments.mean = reshape(mean, {1, channels});
  moments.variance = reshape(mean_over(squares), {1, channels});
  if (group != 0) {
    const Value rows = to_groups(centred, group);
    const auto count = static_cast<float>(rows.get_shape()[2]);
    const Value products = std::make_shared<op::v0::MatMul>(rows, rows, false, true)->output(0);
    const Value mean_product =
        std::make_shared<op::v1::Multiply>(products, make_constant({1}, {1.0F / count}))->output(0);
    moments.covariance = reshape(mean_product, {1, channels * group});
  }
  return moments;
}

ValueMoments measure_images(const Value& value, bool variance) {
  ValueMoments moments;
  const std::size_t rank = value.get_shape().size();
  if (rank == 2) {  // rows: an image is its own mean
    moments.mean = value;
    return moments;
  }
  const Value mean = mean_of_images(value);
  const std::vector<std::size_t> rows{value.get_shape()[0], channels_in(value)};
  moments.mean = reshape(mean, rows);
  if (variance) {
    const Value centred = std::make_shared<op::v1::Subtract>(value, mean)->output(0);
    const Value squares = std::make_shared<op::v1::Multiply>(centred, centred)->output(0);
    moments.variance = reshape(mean_of_images(squares), rows);
  }
  return moments;
}

ov::Shape channel_shape(const Value& value, std::size_t channels) {
  ov::Shape shape(value.get_shape().size(), 1);
  shape[shape.size() == 4 ? 1 : shape.size() - 1] = channels;
  return shape;
}

Value correct_diagonal(const Value& value, const Value& scale, const Value& offset) {
  const Value scaled = std::make_shared<op::v1::Multiply>(value, scale)->output(0);
  return std::make_shared<op::v1::Add>(scaled, offset)->output(0);
}

Value correct_matrix(const Value& value, const Value& matrix, const Value& offset) {
  const Value rows = to_groups(value, matrix.get_shape()[2]);
  const Value turned = std::make_shared<op::v0::MatMul>(matrix, rows, true, false)->output(0);
  return std::make_shared<op::v1::Add>(from_groups(turned, value.get_shape()), offset)->output(0);
}

}  // namespace zoa
