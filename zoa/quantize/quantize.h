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

namespace zoa {

struct QuantizeOptions {
  std::string bits = "w8a8";  ///< "w8a8", or "keep" for a network quantized elsewhere
  std::string range = "mse";  ///< activations: "mse" (least squared error) or "minmax"
  std::string reduce_range =
      "auto";  ///< 7-bit weights: "on", "off", "auto" = where 8-bit products saturate
  bool requantize_attention = false;  ///< bits keep: q, k and v without zero points, for int8
  std::int64_t calib_size = 300;      ///< images for ranges and source statistics; 0 = all
  std::int64_t batch = 50;            ///< images per calibration pass
  std::int64_t threads = 0;           ///< 0 = all that the process may use

  template <class F>
  void visit(F&& f) {
    f(bits, {"bits", "w8a8, or keep for a network quantized elsewhere"});
    f(range, {"range", "activation ranges: mse or minmax"});
    f(reduce_range, {"reduce_range", "7-bit weights: auto, on or off"});
    f(requantize_attention,
      {"requantize_attention", "with bits keep: q, k, v without zero points"});
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
  std::string reason;         ///< why not; empty where it is
  double activation_low = 0;  ///< range of its (first) activation input
  double activation_high = 0;
};

struct QuantizeReport {
  std::vector<QuantizedLayer> layers;
  std::size_t images = 0;
  std::size_t skipped = 0;          ///< images that could not be decoded
  std::size_t observed_values = 0;  ///< tensors with a histogram
  std::size_t observer_bytes = 0;   ///< memory of all histograms: does not grow with the images
};

/// Called with a phase name and progress done / total.
using QuantizeProgress =
    std::function<void(const std::string& phase, std::size_t done, std::size_t total)>;

/// A domain of a data set to calibrate with; labels are not read.
struct CalibrationImages {
  const Dataset& data;
  std::size_t domain = 0;
};

/// Throws  InvalidArgument for bad options, too few images (at least 2) or an already quantized
///         network without bits = keep; BadFile if too few images can be decoded; UnsupportedModel.
Model quantize(const Model& model,
               const CalibrationImages& images,
               const QuantizeOptions& options,
               QuantizeReport* report = nullptr,
               const QuantizeProgress& progress = {});

}  // namespace zoa
