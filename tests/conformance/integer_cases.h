// SPDX-License-Identifier: Apache-2.0
// Random quantized layers and what they give in plain integer arithmetic. Steps are powers of two
// and sums stay below 2^24, so every float on the way is exact and results compare for equality.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zoa::exact {

enum class Kind { Linear, Convolution, Depthwise, Attention };
enum class Form {
  Unsigned,    ///< zero is the lowest step
  Asymmetric,  ///< zero is some step
  Symmetric,   ///< zero is the middle step
  Sum          ///< two unsigned quantizers of one value, a fine and a coarse one
};

struct Quantizer {
  Form form = Form::Unsigned;
  int levels = 256;
  int zero = 0;
  int coarse = 1;  ///< step of a sum's second quantizer in steps of its first
  float step = 1;
};

/// An activation: what goes in, and the integers that its quantizer makes of it, zero at 0.
struct Activation {
  std::vector<std::size_t> shape;
  Quantizer quantizer;
  std::vector<float> values;
  std::vector<int> integers;
};

struct Weights {
  std::vector<std::size_t> shape;        ///< as the operation wants them
  std::vector<std::size_t> scale_shape;  ///< one scale per output channel
  std::vector<std::int8_t> values;
  std::vector<float> scales;
};

/// One product on the family's activation.
struct Layer {
  bool transposed = false;  ///< linear and attention: the right factor is (.., N, K)
  std::size_t stride = 1;
  std::size_t pad = 0;
  Weights weights;   ///< all but attention
  Activation right;  ///< attention
};

/// Layers that read one activation.
struct Family {
  std::uint64_t seed = 0;
  std::size_t index = 0;
  std::string width;  ///< "w4a8"
  Kind kind = Kind::Linear;
  Activation left;
  std::vector<Layer> layers;
};

/// The family of this seed and index, the same everywhere.
/// saturates  8-bit weights and right factors of attention are kept within 7 bits
Family make_family(std::uint64_t seed, std::size_t index, bool saturates);

/// The layer in integers, times the steps.
std::vector<float> expected_output(const Family& family, const Layer& layer);

/// "seed 1, family 20, layer 3: w4a4 convolution ...": enough to make the case again.
std::string describe(const Family& family, std::size_t layer);

}  // namespace zoa::exact
