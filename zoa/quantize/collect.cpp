// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/quantize/collect_ov.h"
#include "zoa/quantize/product_weights_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// Wider inputs would need gigabytes of moments; their layers are rounded without.
constexpr std::size_t kMostMomentWidth = 4608;

struct WatchedValue {
  std::string key;
  ProductKind reader = ProductKind::Attention;  // Linear or Convolution where weights are constant
  std::size_t channel_axis = 0;                 // of attention in heads
};

// What leaves the network in each pass: first the values, then two outputs per set of moments.
struct Layout {
  std::vector<WatchedValue> values;
  std::vector<std::string> moments;
};

// (C, k, 1, kh, kw) kernels that copy one position of the window each.
Value one_hot_kernels(std::size_t channels, const ov::Shape& window) {
  const std::size_t positions = ov::shape_size(window);
  std::vector<float> values(channels * positions * positions, 0.0F);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t p = 0; p < positions; ++p) {
      values[(c * positions + p) * positions + p] = 1.0F;
    }
  }
  ov::Shape shape{channels, positions, 1};
  shape.insert(shape.end(), window.begin(), window.end());
  return make_constant(shape, values)->output(0);
}

// The patches under a convolution's kernel as channels: (B, C * kh * kw, H', W').
template <class Convolution>
Value patches_of(const Convolution& node) {
  const ov::Shape& weights = node.get_input_shape(1);
  const ov::Shape window(weights.end() - 2, weights.end());
  Value input = node.input_value(0);
  if (ov::shape_size(window) == 1 && node.get_strides() == ov::Strides{1, 1}) {
    return input;
  }
  return std::make_shared<ov::op::v1::GroupConvolution>(
             input, one_hot_kernels(channels_of(input, 1), window), node.get_strides(),
             node.get_pads_begin(), node.get_pads_end(), node.get_dilations())
      ->output(0);
}

// What the product multiplies, as (groups, rows, width).
Value rows_of(const Product& product, std::size_t& scratch_bytes) {
  const WeightShape shape = weight_shape(product);
  const auto groups = static_cast<std::int64_t>(shape.groups);
  const auto width = static_cast<std::int64_t>(shape.width);
  if (product.kind == ProductKind::Linear) {
    return std::make_shared<ov::op::v1::Reshape>(product.node->input_value(0),
                                                 make_indices({1, -1, width}), false)
        ->output(0);
  }
  const Value patches =
      is_op(*product.node, "GroupConvolution")
          ? patches_of(static_cast<const ov::op::v1::GroupConvolution&>(*product.node))
          : patches_of(static_cast<const ov::op::v1::Convolution&>(*product.node));
  const ov::Shape& map = patches.get_shape();
  scratch_bytes = std::max(scratch_bytes, 2 * ov::shape_size(map) / map[0] * sizeof(float));
  const auto batch = static_cast<std::int64_t>(map[0]);
  auto split = std::make_shared<ov::op::v1::Reshape>(
      patches, make_indices({batch, groups, width, -1}), false);
  auto turned = std::make_shared<ov::op::v1::Transpose>(split, make_indices({1, 0, 3, 2}));
  return std::make_shared<ov::op::v1::Reshape>(turned, make_indices({groups, -1, width}), false)
      ->output(0);
}

void watch_moments(const Product& product, Watched& watched) {
  const Value rows = rows_of(product, watched.scratch_bytes);
  const float share = 1.0F / static_cast<float>(rows.get_shape()[1]);
  auto second = std::make_shared<ov::op::v0::MatMul>(rows, rows, true, false);
  watched.outputs.push_back(
      std::make_shared<ov::op::v1::Multiply>(second, make_constant({}, {share}))->output(0));
  watched.outputs.push_back(
      std::make_shared<ov::op::v1::ReduceMean>(rows, make_indices({1}), false)->output(0));
}

bool has_moments(const Product& product) {
  return product.kind != ProductKind::Attention && product.reason.empty() &&
         weight_shape(product).width <= kMostMomentWidth;
}

// Values and moments of a copy of the network; the layout is the same for every copy.
Watched watch_products(const std::shared_ptr<ov::Model>& copy, Layout& layout) {
  layout = {};
  Watched watched;
  std::map<std::string, std::size_t> index;
  const auto products = find_products(copy);
  for (const Product& product : products) {
    for (const ActivationPoint& point : product.activations) {
      const std::string key = value_key(point.value);
      if (!product.reason.empty()) {
        continue;
      }
      if (index.emplace(key, layout.values.size()).second) {
        layout.values.push_back({key, product.kind, point.channel_axis});
        watched.outputs.push_back(point.value);
      } else if (product.kind != ProductKind::Attention) {
        layout.values[index[key]].reader = product.kind;
      }
    }
  }
  std::set<std::string> seen;
  for (const Product& product : products) {
    if (has_moments(product) && seen.insert(moments_key(product)).second) {
      layout.moments.push_back(moments_key(product));
      watch_moments(product, watched);
    }
  }
  return watched;
}

std::uint64_t seed_of(const std::string& key) {
  std::uint64_t seed = 0;
  for (const char c : key) {
    seed = mix_seed(seed, static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  }
  return seed;
}

// One image's values as rows of channels. The channels of position p lie `channel_step` apart in
// `groups` runs of `group_step` (heads of attention; one run for a map).
struct RowLayout {
  std::size_t channels = 0;
  std::size_t positions = 0;
  std::size_t groups = 1;
  std::size_t channel_step = 1;
  std::size_t position_step = 1;
};

RowLayout row_layout(const WatchedValue& watched, const ov::Shape& shape) {
  if (watched.reader == ProductKind::Convolution) {
    const std::size_t positions = shape[2] * shape[3];
    return {shape[1], positions, 1, positions, 1};
  }
  const std::size_t width = shape[watched.channel_axis];
  const std::size_t positions = shape[watched.channel_axis == 3 ? 2 : 3];
  if (watched.channel_axis == 3) {
    return {shape[1] * width, positions, shape[1], 1, width};
  }
  return {shape[1] * width, positions, shape[1], positions, 1};
}

void add_rows(ValueStatistics& value,
              const WatchedValue& watched,
              std::span<const float> data,
              const ov::Shape& shape) {
  const RowLayout layout = row_layout(watched, shape);
  const std::size_t width = layout.channels / layout.groups;
  value.channels = layout.channels;
  std::vector<float> rows(layout.channels * layout.positions);
  for (std::size_t image = 0; image < shape[0]; ++image) {
    const float* own = data.data() + image * rows.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t channel = i % layout.channels;
      rows[i] =
          own[channel / width * width * layout.positions + channel % width * layout.channel_step +
              i / layout.channels * layout.position_step];
    }
    sample_rows(value, rows.data(), layout.positions, seed_of(watched.key));
  }
}

// Adds one pass's values.
void add_value(ValueStatistics& value,
               const WatchedValue& watched,
               std::span<const float> data,
               const ov::Shape& shape) {
  value.histogram.add(data);
  if (watched.reader == ProductKind::Linear) {
    value.channels = shape.back();
    sample_rows(value, data.data(), data.size() / value.channels, seed_of(watched.key));
  } else if (watched.reader == ProductKind::Convolution || watched.channel_axis != 0) {
    add_rows(value, watched, data, shape);
  }
}

// A mean over images, fed with the mean of each pass.
void add_mean(std::vector<float>& mean, std::span<const float> pass, double share) {
  mean.resize(pass.size(), 0.0F);
  for (std::size_t i = 0; i < pass.size(); ++i) {
    mean[i] +=
        static_cast<float>(share * (static_cast<double>(pass[i]) - static_cast<double>(mean[i])));
  }
}

class Collector {
 public:
  explicit Collector(CalibrationStatistics& statistics) : statistics_(statistics) {}

  WatchPlan plan() {
    return [this](const std::shared_ptr<ov::Model>& copy) { return watch_products(copy, layout_); };
  }

  void add(std::size_t index, std::span<const float> data, const ov::Shape& shape) {
    if (index < layout_.values.size()) {
      const WatchedValue& watched = layout_.values[index];
      add_value(statistics_.values[watched.key], watched, data, shape);
      images_ = index == 0 ? images_ + shape[0] : images_;
      pass_ = index == 0 ? shape[0] : pass_;
      return;
    }
    const std::size_t place = index - layout_.values.size();
    MomentStatistics& moments = statistics_.moments[layout_.moments[place / 2]];
    const double share = static_cast<double>(pass_) / static_cast<double>(images_);
    if (place % 2 == 0) {
      moments.groups = shape[0];
      moments.width = shape[1];
      add_mean(moments.second, data, share);
    } else {
      add_mean(moments.mean, data, share);
    }
  }

 private:
  CalibrationStatistics& statistics_;
  Layout layout_;
  std::size_t images_ = 0;  // so far, this pass included
  std::size_t pass_ = 0;    // images of this pass
};

void check_finite(const CalibrationStatistics& statistics) {
  for (const auto& [key, value] : statistics.values) {
    if (value.histogram.non_finite() > 0 || value.histogram.count() == 0) {
      fail(ErrorCode::UnsupportedModel, "value of '", key, "' holds ", value.histogram.non_finite(),
           " infinities or NaNs on the calibration images");
    }
  }
}

}  // namespace

std::string value_key(const Value& value) {
  return value.get_node()->get_friendly_name() + ":" + std::to_string(value.get_index());
}

std::string moments_key(const Product& product) {
  return product.kind == ProductKind::Linear ? value_key(product.node->input_value(0))
                                             : product.node->get_friendly_name();
}

CalibrationStatistics collect_statistics(const std::shared_ptr<ov::Model>& network,
                                         const CalibrationData& calibration) {
  CalibrationStatistics statistics;
  Collector collector(statistics);
  statistics.skipped =
      watch_values(network, collector.plan(), calibration, "calibration",
                   [&](std::size_t index, std::span<const float> data, const ov::Shape& shape) {
                     collector.add(index, data, shape);
                   });
  statistics.images = calibration_size(calibration) - statistics.skipped;
  check_finite(statistics);
  return statistics;
}

}  // namespace zoa
