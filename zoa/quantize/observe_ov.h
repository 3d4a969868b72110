// SPDX-License-Identifier: Apache-2.0
// Runs calibration images through a network and watches values inside it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "zoa/data/stream.h"
#include "zoa/graph/ops_ov.h"
#include "zoa/quantize/histogram.h"
#include "zoa/quantize/quantize.h"

namespace zoa {

/// The calibration images of a run.
struct CalibrationData {
  const Dataset& data;
  std::size_t domain;
  PreprocessSpec preprocess;
  QuantizeOptions options;
  QuantizeProgress progress;
};

/// Number of calibration images that will be read.
std::size_t calibration_size(const CalibrationData& calibration);

/// Calls `use` for every batch of the calibration images, in a fixed shuffled order (folders are
/// sorted by class). Undecodable images are left out. Returns  the number of images left out.
std::size_t for_each_batch(const CalibrationData& calibration,
                           std::size_t batch,
                           const std::string& phase,
                           const std::function<void(const Batch&)>& use);

/// A value of a network that survives copying it: name of its node and index of the output.
struct ValueName {
  std::string node;
  std::size_t output = 0;
};

ValueName name_of(const ov::Output<ov::Node>& value);

/// Called for each watched value with its index, its data and shape.
using Watcher = std::function<void(std::size_t, std::span<const float>, const ov::Shape&)>;

/// What to watch, made anew on each copy of the network (one per batch size).
struct Watched {
  ov::OutputVector outputs;
  std::size_t scratch_bytes = 0;  ///< large intermediate results of one image
};
using WatchPlan = std::function<Watched(const std::shared_ptr<ov::Model>& copy)>;

/// Watches values of the network itself, batch first.
WatchPlan watch_named(const std::vector<ValueName>& values);

/// Runs the images and hands the watched values over, pass by pass.
/// Returns  the number of images left out.
std::size_t watch_values(const std::shared_ptr<ov::Model>& network,
                         const WatchPlan& plan,
                         const CalibrationData& calibration,
                         const std::string& phase,
                         const Watcher& watcher);

}  // namespace zoa
