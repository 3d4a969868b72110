// SPDX-License-Identifier: Apache-2.0
#include "integer_cases.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/core/rng.h"

namespace zoa::exact {

namespace {

constexpr std::size_t kLayers = 8;  // compiling an activation costs as much as a product

struct Width {
  const char* name;
  int weight_bits;
  int activation_bits;
  bool half_step = false;  // weights are odd integers of half a step
};

constexpr Width kWidths[] = {{"w8a8", 8, 8}, {"w6a6", 6, 6}, {"w4a8", 4, 8},
                             {"w4a4", 4, 4}, {"w2a4", 2, 4}, {"w2a4 half-step", 2, 4, true}};

// Numbers in the order they are asked for.
class Dice {
 public:
  Dice(std::uint64_t seed, std::size_t index) : rng_(seed, index) {}

  int pick(int low, int high) {
    const double place = rng_.uniform(next_++) * (high - low + 1);
    return std::min(high, low + static_cast<int>(place));
  }
  std::size_t size(int low, int high) { return static_cast<std::size_t>(pick(low, high)); }
  bool flip() { return pick(0, 1) == 1; }

 private:
  Rng rng_;
  std::uint64_t next_ = 0;
};

std::size_t volume(const std::vector<std::size_t>& shape) {
  std::size_t product = 1;
  for (const std::size_t extent : shape) {
    product *= extent;
  }
  return product;
}

Quantizer make_quantizer(Dice& dice, Form form, int bits) {
  Quantizer quantizer;
  quantizer.form = form;
  quantizer.levels = 1 << bits;
  quantizer.step = std::ldexp(1.0F, -dice.pick(0, 12));
  switch (form) {
    case Form::Unsigned: break;
    case Form::Asymmetric: quantizer.zero = dice.pick(1, quantizer.levels - 2); break;
    case Form::Symmetric: quantizer.zero = quantizer.levels / 2; break;
    case Form::Sum:
      quantizer.levels = 1 << (bits - 1);
      do {
        quantizer.coarse = 1 << dice.pick(0, 5);
      } while ((quantizer.levels - 1) * (1 + quantizer.coarse) > 255);
      break;
  }
  return quantizer;
}

int integer_of(double place, const Quantizer& quantizer) {
  const auto round = [&](double x) {
    return static_cast<int>(std::clamp(std::round(x), static_cast<double>(-quantizer.zero),
                                       static_cast<double>(quantizer.levels - 1 - quantizer.zero)));
  };
  return quantizer.form == Form::Sum
             ? round(place) + quantizer.coarse * round(place / quantizer.coarse)
             : round(place);
}

// Inputs on steps and between them, up to half the range beyond both ends, some far outside.
Activation make_activation(Dice& dice, const std::vector<std::size_t>& shape, Quantizer quantizer) {
  Activation result{shape, quantizer, {}, {}};
  const int last = quantizer.form == Form::Sum ? (quantizer.levels - 1) * quantizer.coarse
                                               : quantizer.levels - 1;
  for (std::size_t i = 0; i < volume(shape); ++i) {
    const int whole = dice.pick(-last / 2 - 1, last + last / 2 + 1) - quantizer.zero;
    // Odd sixteenths of a step are never a tie, of a coarse step (a power of two) neither.
    const bool between = quantizer.form == Form::Sum || dice.flip();
    double place = whole + (between ? (2 * dice.pick(-4, 3) + 1) / 16.0 : 0.0);
    place = dice.pick(0, 31) == 0 ? place * 1024 : place;
    result.values.push_back(static_cast<float>(place) * quantizer.step);
    result.integers.push_back(integer_of(place, quantizer));
  }
  return result;
}

// Output channels along one axis; each has its own range of integers and its own scale.
Weights make_weights(Dice& dice,
                     const std::vector<std::size_t>& shape,
                     std::size_t axis,
                     const Width& width,
                     int largest) {
  Weights weights{shape, std::vector<std::size_t>(shape.size(), 1), {}, {}};
  const std::size_t channels = shape[axis];
  weights.scale_shape[axis] = channels;
  const int steps = (1 << width.weight_bits) - 1;
  std::vector<int> lows;
  for (std::size_t c = 0; c < channels; ++c) {
    lows.push_back(width.weight_bits >= 6 ? -largest
                   : width.half_step      ? -steps
                                          : -dice.pick(0, steps));
    weights.scales.push_back(std::ldexp(1.0F, -dice.pick(0, 10)));
  }
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) {
    inner *= shape[i];
  }
  const bool extreme = dice.pick(0, 3) == 0;  // only the ends: what saturates first
  for (std::size_t i = 0; i < volume(shape); ++i) {
    const int low = lows[i / inner % channels];
    const int count = width.weight_bits >= 6 ? 2 * largest : steps;
    const int code = extreme ? count * dice.pick(0, 1) : dice.pick(0, count);
    weights.values.push_back(static_cast<std::int8_t>(low + code * (width.half_step ? 2 : 1)));
  }
  return weights;
}

int largest_weight(const Width& width, bool saturates) {
  return width.weight_bits == 8 && saturates ? 63 : (1 << (width.weight_bits - 1)) - 1;
}

Layer make_layer(Dice& dice, const Family& family, const Width& width, bool saturates) {
  Layer layer;
  const auto& left = family.left.shape;
  const int largest = largest_weight(width, saturates);
  const std::size_t outputs = dice.size(1, 20);
  switch (family.kind) {
    case Kind::Linear: {
      layer.transposed = dice.flip();
      const std::size_t k = left.back();
      layer.weights = layer.transposed ? make_weights(dice, {outputs, k}, 0, width, largest)
                                       : make_weights(dice, {k, outputs}, 1, width, largest);
      break;
    }
    case Kind::Convolution:
    case Kind::Depthwise: {
      const bool wide = dice.flip();
      const std::size_t kernel = wide ? 3 : 1;
      layer.stride = dice.size(1, 2);
      layer.pad = wide ? dice.size(0, 1) : 0;
      layer.weights =
          family.kind == Kind::Convolution
              ? make_weights(dice, {outputs, left[1], kernel, kernel}, 0, width, largest)
              : make_weights(dice, {left[1], 1, 1, kernel, kernel}, 0, width, largest);
      break;
    }
    case Kind::Attention: {
      layer.transposed = dice.flip();
      std::vector<std::size_t> shape = left;
      shape[2] = layer.transposed ? outputs : left[3];
      shape[3] = layer.transposed ? left[3] : outputs;
      const int bits = saturates ? std::min(7, width.activation_bits) : width.activation_bits;
      layer.right = make_activation(dice, shape, make_quantizer(dice, Form::Symmetric, bits));
      break;
    }
  }
  return layer;
}

std::vector<std::size_t> left_shape(Dice& dice, Kind kind) {
  switch (kind) {
    case Kind::Linear:
      return {dice.size(1, 2), dice.size(1, 5),
              dice.pick(0, 7) == 0 ? dice.size(100, 400) : dice.size(2, 64)};
    case Kind::Attention:
      return {dice.size(1, 2), dice.size(1, 3), dice.size(1, 9), dice.size(2, 40)};
    case Kind::Convolution:
    case Kind::Depthwise: break;
  }
  return {dice.size(1, 2), dice.size(1, 18), dice.size(3, 8), dice.size(3, 8)};
}

Form left_form(Dice& dice, Kind kind) {
  if (kind == Kind::Attention) {  // int8 kernels of attention take no zero point
    return dice.flip() ? Form::Symmetric : dice.flip() ? Form::Unsigned : Form::Sum;
  }
  const int pick = dice.pick(0, 6);
  return pick < 2   ? Form::Unsigned
         : pick < 4 ? Form::Asymmetric
         : pick < 6 ? Form::Symmetric
                    : Form::Sum;
}

Kind kind_of(std::size_t index) {
  constexpr Kind kKinds[] = {Kind::Linear,    Kind::Convolution, Kind::Depthwise, Kind::Linear,
                             Kind::Attention, Kind::Convolution, Kind::Depthwise};
  return kKinds[index % std::size(kKinds)];
}

double weight_at(const Family& family, const Layer& layer, std::size_t i) {
  return family.kind == Kind::Attention ? layer.right.integers[i] : layer.weights.values[i];
}

std::vector<float> multiply_matrices(const Family& family, const Layer& layer) {
  const auto& shape = family.left.shape;
  const bool attention = family.kind == Kind::Attention;
  const std::size_t k = shape.back();
  const auto& right = attention ? layer.right.shape : layer.weights.shape;
  const std::size_t n = layer.transposed ? right[right.size() - 2] : right.back();
  const std::size_t rows = volume(shape) / k;
  std::vector<float> result;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t matrix = attention ? row / shape[2] * k * n : 0;
    for (std::size_t column = 0; column < n; ++column) {
      double sum = 0;
      for (std::size_t i = 0; i < k; ++i) {
        const std::size_t at = layer.transposed ? column * k + i : i * n + column;
        sum += family.left.integers[row * k + i] * weight_at(family, layer, matrix + at);
      }
      const float scale = attention ? layer.right.quantizer.step : layer.weights.scales[column];
      result.push_back(static_cast<float>(sum) * family.left.quantizer.step * scale);
    }
  }
  return result;
}

struct Position {
  std::size_t image, channel, y, x;
};

double convolve_at(const Family& family, const Layer& layer, const Position& at) {
  const auto& in = family.left.shape;
  const bool depthwise = family.kind == Kind::Depthwise;
  const std::size_t kernel = layer.weights.shape.back();
  const std::size_t depth = depthwise ? 1 : in[1];
  double sum = 0;
  for (std::size_t c = 0; c < depth; ++c) {
    const std::size_t source = depthwise ? at.channel : c;
    for (std::size_t i = 0; i < kernel * kernel; ++i) {
      const std::size_t y = at.y * layer.stride + i / kernel - layer.pad;  // wraps: outside
      const std::size_t x = at.x * layer.stride + i % kernel - layer.pad;
      if (y < in[2] && x < in[3]) {
        const std::size_t pixel = ((at.image * in[1] + source) * in[2] + y) * in[3] + x;
        sum += family.left.integers[pixel] *
               weight_at(family, layer, (at.channel * depth + c) * kernel * kernel + i);
      }
    }
  }
  return sum;
}

std::vector<float> convolve(const Family& family, const Layer& layer) {
  const auto& in = family.left.shape;
  const std::size_t kernel = layer.weights.shape.back();
  const std::size_t height = (in[2] + 2 * layer.pad - kernel) / layer.stride + 1;
  const std::size_t width = (in[3] + 2 * layer.pad - kernel) / layer.stride + 1;
  std::vector<float> result;
  for (std::size_t image = 0; image < in[0]; ++image) {
    for (std::size_t channel = 0; channel < layer.weights.shape[0]; ++channel) {
      for (std::size_t i = 0; i < height * width; ++i) {
        const double sum = convolve_at(family, layer, {image, channel, i / width, i % width});
        result.push_back(static_cast<float>(sum) * family.left.quantizer.step *
                         layer.weights.scales[channel]);
      }
    }
  }
  return result;
}

void put_shape(std::ostream& out, const std::vector<std::size_t>& shape) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    out << (i > 0 ? "x" : "") << shape[i];
  }
}

void put_quantizer(std::ostream& out, const Quantizer& quantizer) {
  constexpr const char* kForms[] = {"unsigned", "asymmetric", "symmetric", "sum"};
  out << " (" << kForms[static_cast<int>(quantizer.form)] << ", " << quantizer.levels
      << " levels, zero " << quantizer.zero << ", coarse " << quantizer.coarse << ", step "
      << quantizer.step << ")";
}

}  // namespace

Family make_family(std::uint64_t seed, std::size_t index, bool saturates) {
  Dice dice(seed, index);
  const Width& width = kWidths[dice.size(0, static_cast<int>(std::size(kWidths)) - 1)];
  Family family{seed, index, width.name, kind_of(index), {}, {}};
  const auto shape = left_shape(dice, family.kind);
  const Form form = left_form(dice, family.kind);
  family.left = make_activation(dice, shape, make_quantizer(dice, form, width.activation_bits));
  for (std::size_t i = 0; i < kLayers; ++i) {
    family.layers.push_back(make_layer(dice, family, width, saturates));
  }
  return family;
}

std::vector<float> expected_output(const Family& family, const Layer& layer) {
  const bool matrices = family.kind == Kind::Linear || family.kind == Kind::Attention;
  return matrices ? multiply_matrices(family, layer) : convolve(family, layer);
}

std::string describe(const Family& family, std::size_t layer) {
  constexpr const char* kKinds[] = {"linear", "convolution", "depthwise", "attention"};
  const Layer& it = family.layers[layer];
  std::ostringstream out;
  out << "seed " << family.seed << ", family " << family.index << ", layer " << layer << ": "
      << family.width << " " << kKinds[static_cast<int>(family.kind)] << ", left ";
  put_shape(out, family.left.shape);
  put_quantizer(out, family.left.quantizer);
  out << ", right ";
  if (family.kind == Kind::Attention) {
    put_shape(out, it.right.shape);
    put_quantizer(out, it.right.quantizer);
  } else {
    put_shape(out, it.weights.shape);
  }
  out << (it.transposed ? " transposed" : "") << ", stride " << it.stride << ", pad " << it.pad;
  return out.str();
}

}  // namespace zoa::exact
