// SPDX-License-Identifier: Apache-2.0
// A simulated layer for the tests of layer_plan.h, and how far a plan's output is from the exact
// one. The arithmetic is the test's own. Only tests include it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "zoa/core/rng.h"
#include "zoa/quantize/layer_plan.h"

namespace zoa::test {

inline constexpr std::size_t kSamples = 500;
using Floats = std::vector<float>;

struct LayerShape {
  std::size_t groups = 1;
  std::size_t rows = 12;     ///< of all groups
  std::size_t channels = 8;  ///< of one group
  std::size_t kernel = 1;

  std::size_t width() const { return channels * kernel; }
  std::size_t group_of(std::size_t row) const { return row / (rows / groups); }
  std::size_t channel_of(std::size_t row, std::size_t column) const {
    return group_of(row) * channels + column / kernel;
  }
};

// A layer and what it reads: samples of (groups, width) values, correlated and off zero.
struct Layer {
  LayerShape shape;
  Floats weights;
  Floats inputs;
  ValueStatistics value;  ///< the same numbers as (samples * kernel, channels of all groups)
  MomentStatistics moments;

  explicit Layer(const LayerShape& of, double offset = 0.7) : shape(of) {
    const Rng rng(1, 0);
    for (std::size_t i = 0; i < shape.rows * shape.width(); ++i) {
      weights.push_back(static_cast<float>(rng.normal(i)));
    }
    // The positions of a kernel see the same numbers, a sample later each, as in a picture.
    const Rng other(2, 0);
    const std::size_t all = shape.groups * shape.width();
    for (std::size_t i = 0; i < kSamples * all; ++i) {
      const std::size_t channel = i % all / shape.kernel;
      const std::size_t time = (i / all + i % shape.kernel) % kSamples;
      double shared = 0;
      for (std::size_t k = 0; k < 16; ++k) {
        shared += 0.25 * other.normal((time + k) % kSamples);
      }
      const double own = other.normal(kSamples * (channel + 1) + time);
      const double size = channel % 3 == 0 ? 3.0 : 0.6;
      inputs.push_back(
          static_cast<float>(size * (0.6 * own + shared + (channel % 2 == 0 ? offset : -offset))));
    }
    fill_value(all);
    fill_moments();
  }

  float input(std::size_t sample, std::size_t group, std::size_t column) const {
    return inputs[(sample * shape.groups + group) * shape.width() + column];
  }

  LayerRequest request(int bits) const {
    LayerRequest request{weights, weight_shape()};
    request.bits = bits;
    return request;
  }

  ActivationPlan plan(int bits, bool equalize) const {
    ActivationRequest request;
    request.bits = bits;
    request.method = RangeMethod::Output;
    request.equalize = equalize;
    request.shift = equalize;
    request.readers.push_back({weights, weight_shape(), grid_rule(bits, false)});
    return plan_activation(value, request);
  }

  /// Of an activation that is not rounded at all.
  ActivationPlan exact_plan() const {
    ActivationPlan plan;
    plan.noise.assign(value.channels, 0.0F);
    plan.drift.assign(value.channels, 0.0F);
    return plan;
  }

 private:
  WeightShape weight_shape() const {
    return {shape.groups, shape.rows, shape.width(), shape.kernel};
  }

  void fill_value(std::size_t all) {
    value.channels = shape.groups * shape.channels;
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      for (std::size_t k = 0; k < shape.kernel; ++k) {
        for (std::size_t c = 0; c < value.channels; ++c) {
          value.rows.push_back(inputs[sample * all + c * shape.kernel + k]);
        }
      }
    }
    value.histogram.add(value.rows);
  }

  void fill_moments() {
    const std::size_t width = shape.width();
    moments.groups = shape.groups;
    moments.width = width;
    for (std::size_t group = 0; group < shape.groups; ++group) {
      for (std::size_t a = 0; a < width; ++a) {
        double mean = 0;
        Floats products(width);
        for (std::size_t b = 0; b < width; ++b) {
          double sum = 0;
          for (std::size_t n = 0; n < kSamples; ++n) {
            sum += static_cast<double>(input(n, group, a) * input(n, group, b));
            mean += b == 0 ? static_cast<double>(input(n, group, a)) : 0;
          }
          products[b] = static_cast<float>(sum / kSamples);
        }
        moments.second.insert(moments.second.end(), products.begin(), products.end());
        moments.mean.push_back(static_cast<float>(mean / kSamples));
      }
    }
  }
};

// Mean and mean square, over samples, of the exact output minus the quantized one.
struct OutputError {
  std::vector<double> mean;    ///< per row
  std::vector<double> square;  ///< per row
  double power = 0;            ///< mean square of the exact output round its mean, over all rows

  double worst_mean() const {
    double worst = 0;
    for (const double value : mean) {
      worst = std::max(worst, std::abs(value));
    }
    return worst / std::sqrt(power);
  }
  double relative() const {
    double sum = 0;
    for (const double value : square) {
      sum += value;
    }
    return sum / static_cast<double>(square.size()) / power;
  }
};

/// quantized  activations are rounded, too
inline OutputError output_error(const Layer& layer,
                                const ActivationPlan& activation,
                                const LayerPlan& plan,
                                bool quantized = true) {
  const LayerShape& shape = layer.shape;
  const Equalizer& equalizer = activation.equalizer;
  OutputError error;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    double mean = 0;
    double square = 0;
    double exact_mean = 0;
    double exact_square = 0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      double exact = 0;
      double found = static_cast<double>(plan.bias[row]);
      for (std::size_t c = 0; c < shape.width(); ++c) {
        const std::size_t channel = shape.channel_of(row, c);
        const auto x = static_cast<double>(layer.input(n, shape.group_of(row), c));
        exact += static_cast<double>(layer.weights[row * shape.width() + c]) * x;
        double seen = x;
        if (!equalizer.empty()) {
          seen = (x - static_cast<double>(equalizer.shift[channel])) /
                 static_cast<double>(equalizer.scale[channel]);
        }
        seen = quantized ? activation.apply(seen) : seen;
        found += static_cast<double>(plan.weights.codes[row * shape.width() + c]) *
                 static_cast<double>(plan.weights.scales[row]) * seen;
      }
      mean += (exact - found) / kSamples;
      square += (exact - found) * (exact - found) / kSamples;
      exact_mean += exact / kSamples;
      exact_square += exact * exact / kSamples;
    }
    error.mean.push_back(mean);
    error.square.push_back(square);
    error.power += (exact_square - exact_mean * exact_mean) / static_cast<double>(shape.rows);
  }
  return error;
}

// Linear; 3x3 kernel; two groups of channels; depthwise with two outputs a channel.
inline const LayerShape kShapes[] = {{}, {1, 6, 3, 9}, {2, 8, 3, 4}, {4, 8, 1, 9}};

}  // namespace zoa::test
