// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include <openvino/openvino.hpp>

#include "zoa/core/error.h"
#include "zoa/core/threads.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/runtime_ov.h"
#include "zoa/quantize/observe_ov.h"

namespace zoa {

namespace {

constexpr std::uint64_t kShuffleSeed = 0;
// Watched values leave the network as floats; a pass is made small enough that they stay below
// this.
constexpr std::size_t kMaxWatchedBytes = 512U << 20U;

BatchReader make_reader(const CalibrationData& calibration, std::size_t batch) {
  StreamOptions stream;
  stream.batch = batch;
  stream.limit = static_cast<std::size_t>(calibration.options.calib_size);
  stream.shuffle = true;
  stream.seed = kShuffleSeed;
  stream.threads = static_cast<std::size_t>(available_threads());
  return {calibration.data, calibration.domain, calibration.preprocess, stream};
}

// A network with the watched values as outputs, compiled per batch size.
class WatchedNetwork {
 public:
  WatchedNetwork(const std::shared_ptr<ov::Model>& network,
                 const std::vector<ValueName>& values,
                 int threads)
      : network_(network), values_(values), threads_(threads) {}

  std::size_t bytes_per_image() {
    compile(1);
    std::size_t bytes = 0;
    for (const auto& output : request_.get_compiled_model().outputs()) {
      bytes += ov::shape_size(output.get_shape()) * sizeof(float);
    }
    return bytes;
  }

  void run(const Batch& batch, const Watcher& watcher) {
    if (batch.count != batch_) {
      compile(batch.count);
    }
    auto* pixels = const_cast<float*>(batch.pixels.data());  // only read
    request_.set_input_tensor(ov::Tensor(
        ov::element::f32, {batch.count, batch.channels, batch.height, batch.width}, pixels));
    request_.infer();
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const ov::Tensor tensor = request_.get_output_tensor(i);
      watcher(i, {tensor.data<const float>(), tensor.get_size()}, tensor.get_shape());
    }
  }

 private:
  void compile(std::size_t batch) {
    const auto copy = with_batch(network_, batch);
    std::unordered_map<std::string, NodePtr> by_name;
    for (const auto& node : copy->get_ops()) {
      by_name[node->get_friendly_name()] = node;
    }
    ov::ResultVector results;
    for (const auto& [node, output] : values_) {
      results.push_back(std::make_shared<ov::op::v0::Result>(by_name.at(node)->output(output)));
    }
    const auto watched = std::make_shared<ov::Model>(results, copy->get_parameters());
    request_ = runtime_core()
                   .compile_model(watched, "CPU", compile_settings(threads_))
                   .create_infer_request();
    batch_ = batch;
  }

  std::shared_ptr<ov::Model> network_;
  std::vector<ValueName> values_;
  int threads_;
  std::size_t batch_ = 0;
  ov::InferRequest request_;
};

}  // namespace

ValueName name_of(const ov::Output<ov::Node>& value) {
  return {value.get_node()->get_friendly_name(), value.get_index()};
}

std::size_t calibration_size(const CalibrationData& calibration) {
  return make_reader(calibration, 1).size();
}

std::size_t for_each_batch(const CalibrationData& calibration,
                           std::size_t batch,
                           const std::string& phase,
                           const std::function<void(const Batch&)>& use) {
  BatchReader reader = make_reader(calibration, batch);
  std::vector<SkippedImage> skipped;
  Batch images;
  std::size_t done = 0;
  while (reader.next(images, skipped)) {
    use(images);
    done += images.count;
    if (calibration.progress) {
      calibration.progress(phase, done + skipped.size(), reader.size());
    }
  }
  return skipped.size();
}

std::size_t watch_values(const std::shared_ptr<ov::Model>& network,
                         const std::vector<ValueName>& values,
                         const CalibrationData& calibration,
                         const std::string& phase,
                         const Watcher& watcher) {
  const int threads = calibration.options.threads > 0
                          ? static_cast<int>(calibration.options.threads)
                          : available_threads();
  try {
    WatchedNetwork watched(network, values, threads);
    const std::size_t most = kMaxWatchedBytes / std::max<std::size_t>(watched.bytes_per_image(), 1);
    const auto batch =
        std::clamp<std::size_t>(most, 1, static_cast<std::size_t>(calibration.options.batch));
    return for_each_batch(calibration, batch, phase,
                          [&](const Batch& images) { watched.run(images, watcher); });
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, "calibration: ", runtime_text(error));
  }
}

}  // namespace zoa
