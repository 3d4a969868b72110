// SPDX-License-Identifier: Apache-2.0
// Post-training quantization: a float network and some images in, a network on integer kernels out,
// with the source statistics that adaptation needs. Nothing is trained.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"
#include "zoa/model/model.h"
#include "zoa/quantize/sensitivity.h"

namespace zoa {

struct QuantizeOptions {
  std::string bits = "w8a8";  ///< "wXaY", X and Y 2..8, or "keep" for a network quantized elsewhere
  std::string range = "auto";         ///< of activations: auto = mse at 8 bits and output below
  std::string target = "native";      ///< "native" = this processor, "any" = every x86-64 one
  std::string reduce_range = "auto";  ///< "on", "off", "auto" = where 8-bit products saturate
  bool twin = true;                   ///< twin ranges below 8 bits, where they pay
  bool equalize = true;               ///< channels of norm outputs, below 8 bits, where it pays
  bool reconstruct = true;            ///< weights below 7 bits rounded for the output's error
  bool correct_bias = true;
  bool heads = true;  ///< below 8 bits: q and k have a range per head, v per channel
  bool requantize_attention = false;  ///< bits keep: q, k and v without zero points, for int8
  std::string calib_file;         ///< statistics are read from here, or written if it is not there
  double max_drop = 0;            ///< 0 = off; of accuracy, or answers changed (sensitivity.h)
  bool sensitivity = false;       ///< layers are ranked even without max_drop
  bool covariance = false;        ///< source statistics hold the blocks' covariances (method pea)
  std::int64_t calib_size = 300;  ///< images for ranges and source statistics; 0 = all
  std::int64_t batch = 32;        ///< images per calibration pass
  std::int64_t threads = 0;       ///< 0 = all that the process may use
  std::vector<std::string> layers;  ///< "REGEX=BITS", later ones win; not among the visited fields

  template <class F>
  void visit(F&& f) {
    f(bits, {"bits", "wXaY: X bits for weights, Y for activations, 2 to 8; keep = as it is"});
    f(range, {"range", "activation ranges: auto, minmax, percentile, mse or output"});
    f(target, {"target", "native = this processor, any = also those whose products saturate"});
    f(reduce_range, {"reduce_range", "7-bit weights for 8-bit ones: auto, on or off"});
    f(twin, {"twin", "below 8 bits: two ranges after softmax and GELU where they pay"});
    f(equalize, {"equalize", "below 8 bits: equal channels after norms where it pays"});
    f(reconstruct, {"reconstruct", "below 7 bits: round weights for the least output error"});
    f(correct_bias, {"correct_bias", "let biases make up for mean errors"});
    f(heads, {"heads", "below 8 bits: a range per head for q and k, per channel for v"});
    f(requantize_attention,
      {"requantize_attention", "with bits keep: q, k, v without zero points"});
    f(calib_file, {"calib_file", "statistics file: read if it exists, else written"});
    f(max_drop, {"max_drop",
                 "share of answers: the worst layers get 8 bits or float until the drop "
                 "of accuracy (without labels: answers changed) is met; 0 = off",
                 0, 1});
    f(sensitivity, {"sensitivity", "rank the layers by what quantizing each one alone does"});
    f(covariance, {"covariance", "source statistics with the blocks' covariances (method pea)"});
    f(calib_size, {"calib_size", "calibration images, 0 = all", 0, 1e9});
    f(batch, {"batch", "images per calibration pass", 1, 256});
    f(threads, {"threads", "0 = all", 0, 1024});
  }
};

/// One product (convolution, linear layer, attention product) and what became of it.
struct QuantizedLayer {
  std::string name;  ///< of the node in the file
  std::string kind;  ///< "convolution", "linear" or "attention"
  bool quantized = false;
  std::string reason;    ///< why not; empty where it is
  int weight_bits = 32;  ///< 32 = float, or no weights
  int activation_bits = 32;
  double activation_low = 0;  ///< range of its (first) activation input
  double activation_high = 0;
  bool twin = false;       ///< a twin range is used
  bool equalized = false;  ///< its input is equalized
  double divergence = -1;  ///< of the logits with only this layer quantized; < 0 = not measured
};

struct QuantizeReport {
  std::vector<QuantizedLayer> layers;
  std::size_t images = 0;
  std::size_t skipped = 0;          ///< images that could not be decoded
  std::size_t observed_values = 0;  ///< tensors with a histogram
  std::size_t observer_bytes = 0;   ///< memory of all statistics: does not grow with the images
  bool from_file = false;           ///< statistics were read from calib_file
  SensitivityReport sensitivity;    ///< with max_drop or sensitivity
};

/// Called with a phase name and progress done / total.
using QuantizeProgress =
    std::function<void(const std::string& phase, std::size_t done, std::size_t total)>;

/// A domain of a data set to calibrate with; labels are read for max_drop only.
struct CalibrationImages {
  const Dataset& data;
  std::size_t domain = 0;
};

/// Bits of the first and the last layer: a transformer's follow `bits`, but the patch embedding
/// reads 8-bit activations (PTQ4ViT); a CNN's stay at 8 bits (usual since BRECQ). `layers`
/// overrides it. Throws  InvalidArgument for bad options, too few images (at least 2) or an already
/// quantized
///         network without bits = keep; BadFile if too few images can be decoded; UnsupportedModel.
Model quantize(const Model& model,
               const CalibrationImages& images,
               const QuantizeOptions& options,
               QuantizeReport* report = nullptr,
               const QuantizeProgress& progress = {});

}  // namespace zoa
