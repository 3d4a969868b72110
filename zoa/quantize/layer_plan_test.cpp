// SPDX-License-Identifier: Apache-2.0
// Long: the simulated layer and what is asked of it belong together.
#include "zoa/quantize/layer_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "zoa/core/rng.h"

namespace zoa {
namespace {

constexpr std::size_t kSamples = 500;
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
    LayerRequest request{weights};
    request.groups = shape.groups;
    request.kernel = shape.kernel;
    request.bits = bits;
    return request;
  }

  ActivationPlan plan(int bits, bool equalize) const {
    ActivationRequest request;
    request.bits = bits;
    request.method = RangeMethod::Output;
    request.equalize = equalize;
    request.shift = equalize;
    request.readers.push_back(
        {weights, shape.width(), shape.kernel, shape.groups, grid_rule(bits, false)});
    return plan_activation(value, request);
  }

 private:
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

// `quantized` says whether activations are rounded, too.
OutputError output_error(const Layer& layer,
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
const LayerShape kShapes[] = {{}, {1, 6, 3, 9}, {2, 8, 3, 4}, {4, 8, 1, 9}};

TEST(LayerPlan, BiasMakesUpForMeanErrors) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    for (const bool equalize : {false, true}) {
      const ActivationPlan activation = layer.plan(4, equalize);
      for (const bool reconstruct : {false, true}) {
        SCOPED_TRACE(std::to_string(shape.groups) + " groups, kernel " +
                     std::to_string(shape.kernel) + (equalize ? ", equalized" : "") +
                     (reconstruct ? ", reconstructed" : ""));
        LayerRequest request = layer.request(3);
        request.reconstruct = reconstruct;
        const auto corrected = plan_layer(request, activation, &layer.moments);
        ASSERT_EQ(corrected.bias.size(), shape.rows);
        ASSERT_EQ(corrected.weights.codes.size(), layer.weights.size());
        ASSERT_EQ(corrected.weights.scales.size(), shape.rows);
        EXPECT_LT(output_error(layer, activation, corrected).worst_mean(), 1e-5);
        request.correct_bias = false;
        const auto plain = plan_layer(request, activation, &layer.moments);
        EXPECT_GT(output_error(layer, activation, plain).worst_mean(), 0.005);
      }
    }
  }
}

TEST(LayerPlan, WithoutCorrectionTheBiasOnlyUndoesTheShift) {
  const Layer layer({});
  ActivationPlan activation = layer.plan(4, false);
  LayerRequest request = layer.request(4);
  request.correct_bias = false;
  for (const float bias : plan_layer(request, activation, &layer.moments).bias) {
    EXPECT_EQ(bias, 0.0F);
  }
  activation.equalizer.scale.assign(8, 2.0F);
  activation.equalizer.shift.assign(8, 0.5F);
  const LayerPlan plan = plan_layer(request, activation, &layer.moments);
  for (std::size_t row = 0; row < 12; ++row) {
    double wanted = 0;
    for (std::size_t c = 0; c < 8; ++c) {
      wanted += 0.5 * static_cast<double>(layer.weights[row * 8 + c]);
    }
    EXPECT_NEAR(plan.bias[row], wanted, 1e-5) << row;
  }
}

// x' = (x - shift) / scale, then scaled weights and a bias: at 8 bits nothing else is lost.
TEST(LayerPlan, UndoesTheEqualizerExactly) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    ActivationPlan activation;
    const std::size_t channels = shape.groups * shape.channels;
    activation.noise.assign(channels, 0.0F);
    activation.drift.assign(channels, 0.0F);
    for (std::size_t c = 0; c < channels; ++c) {
      activation.equalizer.scale.push_back(0.5F + 0.3F * static_cast<float>(c % 5));
      activation.equalizer.shift.push_back(2.0F - static_cast<float>(c % 7));
    }
    for (const bool correct : {false, true}) {
      for (const MomentStatistics* moments :
           {&layer.moments, static_cast<const MomentStatistics*>(nullptr)}) {
        LayerRequest request = layer.request(8);
        request.correct_bias = correct;
        const LayerPlan plan = plan_layer(request, activation, moments);
        EXPECT_LT(output_error(layer, activation, plan, false).relative(), 5e-4)
            << shape.groups << " " << shape.kernel << " " << correct;
      }
    }
  }
}

TEST(LayerPlan, EightBitsAreCloseAndErrorsFallWithTheBits) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    double before = INFINITY;
    for (const int bits : {2, 3, 4, 6, 8}) {
      const ActivationPlan activation = layer.plan(8, true);
      const double error = output_error(layer, activation,
                                        plan_layer(layer.request(bits), activation, &layer.moments))
                               .relative();
      EXPECT_LT(error, 0.6 * before) << bits;
      before = error;
    }
    EXPECT_LT(before, 1e-3) << shape.groups << " " << shape.kernel;
  }
}

TEST(LayerPlan, ReconstructionLowersTheOutputError) {
  double sum = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(3);
    const auto nearest = plan_layer(request, activation, &layer.moments);
    request.reconstruct = true;
    const auto found = plan_layer(request, activation, &layer.moments);
    const double share = output_error(layer, activation, found).relative() /
                         output_error(layer, activation, nearest).relative();
    EXPECT_LT(share, 0.95) << shape.groups << " " << shape.kernel;
    sum += share / 4;
  }
  EXPECT_LT(sum, 0.7);
}

// With a bias to take up the mean, rounding looks at the spread alone; else at all.
TEST(LayerPlan, RoundingKnowsWhetherABiasFollows) {
  double spread = 0;
  double all = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape, 3.0);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(3);
    request.reconstruct = true;
    LayerPlan with_bias = plan_layer(request, activation, &layer.moments);
    request.correct_bias = false;
    const LayerPlan without = plan_layer(request, activation, &layer.moments);
    const OutputError own = output_error(layer, activation, with_bias);
    OutputError other = output_error(layer, activation, without);
    with_bias.bias.assign(shape.rows, 0.0F);
    all += other.relative() / output_error(layer, activation, with_bias).relative() / 4;
    for (std::size_t row = 0; row < shape.rows; ++row) {
      other.square[row] -= other.mean[row] * other.mean[row];
    }
    spread += own.relative() / other.relative() / 4;
  }
  EXPECT_LT(spread, 0.9);
  EXPECT_LT(all, 0.5);
}

TEST(LayerPlan, ReconstructionSeesTheEqualizedMoments) {
  double sum = 0;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    ActivationPlan activation;
    const std::size_t channels = shape.groups * shape.channels;
    activation.noise.assign(channels, 0.0F);
    activation.drift.assign(channels, 0.0F);
    activation.equalizer.shift.assign(channels, 0.2F);
    for (std::size_t c = 0; c < channels; ++c) {
      activation.equalizer.scale.push_back(c % 2 == 0 ? 0.4F : 2.5F);
    }
    LayerRequest request = layer.request(3);
    const auto nearest = plan_layer(request, activation, &layer.moments);
    request.reconstruct = true;
    const auto found = plan_layer(request, activation, &layer.moments);
    sum += output_error(layer, activation, found, false).relative() /
           output_error(layer, activation, nearest, false).relative() / 4;
  }
  EXPECT_LT(sum, 0.6);
}

TEST(LayerPlan, NoisyChannelsGetSmallWeights) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    for (std::size_t noisy = 0; noisy < shape.groups * shape.channels; ++noisy) {
      ActivationPlan activation;
      activation.noise.assign(shape.groups * shape.channels, 0.0F);
      activation.drift.assign(shape.groups * shape.channels, 0.0F);
      activation.noise[noisy] = 1e3F;
      LayerRequest request = layer.request(6);
      request.reconstruct = true;
      const LayerPlan plan = plan_layer(request, activation, &layer.moments);
      double kept[2] = {0, 0};
      double given[2] = {0, 0};
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        const std::size_t row = i / shape.width();
        const bool own = shape.channel_of(row, i % shape.width()) == noisy;
        kept[own] +=
            std::abs(plan.weights.codes[i]) * static_cast<double>(plan.weights.scales[row]);
        given[own] += static_cast<double>(std::abs(layer.weights[i]));
      }
      EXPECT_LT(kept[1], 0.4 * given[1]) << noisy;
      EXPECT_GT(kept[0], 0.7 * given[0]) << noisy;
    }
  }
}

TEST(LayerPlan, CodesFitTheWidth) {
  const Layer layer({});
  for (int bits = 2; bits <= 8; ++bits) {
    for (const bool reduced : {false, true}) {
      LayerRequest request = layer.request(bits);
      request.reduced_range = reduced;
      request.reconstruct = true;
      const LayerPlan plan = plan_layer(request, layer.plan(8, false), &layer.moments);
      for (std::size_t row = 0; row < 12; ++row) {
        const auto* own = plan.weights.codes.data() + row * 8;
        const auto [low, high] = std::minmax_element(own, own + 8);
        const int step = std::all_of(own, own + 8, [](int code) { return code % 2 != 0; }) ? 2 : 1;
        EXPECT_LT(*high - *low, step * (1 << bits)) << bits;
        EXPECT_LE(std::max(std::abs(*low), std::abs(*high)), bits == 8 && !reduced ? 127 : 63);
      }
    }
  }
}

TEST(LayerPlan, TwoBitsMayUseHalfSteps) {
  const Layer layer({1, 12, 200, 1});
  const ActivationPlan activation = layer.plan(8, false);
  const auto all_odd = [&](int bits) {
    const auto codes = plan_layer(layer.request(bits), activation, nullptr).weights.codes;
    return std::all_of(codes.begin(), codes.end(), [](int code) { return code % 2 != 0; });
  };
  EXPECT_TRUE(all_odd(2));
  EXPECT_FALSE(all_odd(3));
}

TEST(LayerPlan, WithoutMomentsWeightsGoToTheNearestCode) {
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    const ActivationPlan activation = layer.plan(8, false);
    LayerRequest request = layer.request(4);
    request.reconstruct = true;
    const LayerPlan plan = plan_layer(request, activation, nullptr);
    const std::vector<float> uniform{1.0F};
    for (std::size_t row = 0; row < shape.rows; ++row) {
      const auto own = std::span(layer.weights).subspan(row * shape.width(), shape.width());
      const WeightGrid grid = find_grid(own, uniform, grid_rule(4, false));
      EXPECT_EQ(plan.weights.scales[row], grid.scale);
      EXPECT_EQ(plan.bias[row], 0.0F);
      for (std::size_t c = 0; c < shape.width(); ++c) {
        EXPECT_EQ(plan.weights.codes[row * shape.width() + c], grid.code(own[c]));
      }
    }
  }
}

TEST(LayerPlan, DoesNotDependOnThreads) {
  const Layer layer({2, 140, 3, 4});
  const ActivationPlan activation = layer.plan(4, true);
  LayerRequest request = layer.request(3);
  request.reconstruct = true;
  const LayerPlan one = plan_layer(request, activation, &layer.moments);
  for (const std::size_t threads : {2U, 3U}) {
    request.threads = threads;
    const LayerPlan other = plan_layer(request, activation, &layer.moments);
    EXPECT_EQ(other.weights.codes, one.weights.codes);
    EXPECT_EQ(other.weights.scales, one.weights.scales);
    EXPECT_EQ(other.bias, one.bias);
  }
}

}  // namespace
}  // namespace zoa
