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

// Bytes that one more image takes: outputs that do not grow with the batch count nothing.
std::size_t bytes_per_image(const std::shared_ptr<ov::Model>& network, const WatchPlan& plan) {
  const auto outputs = [&](std::size_t batch, std::size_t& scratch) {
    const auto copy = with_batch(network, batch);
    const Watched watched = plan(copy);
    scratch = watched.scratch_bytes;
    std::size_t bytes = 0;
    for (const auto& output : watched.outputs) {
      bytes += ov::shape_size(output.get_shape()) * sizeof(float);
    }
    return bytes;
  };
  std::size_t scratch = 0;
  const std::size_t two = outputs(2, scratch);
  return two - outputs(1, scratch) + scratch;
}

// A network with the watched values as outputs, compiled per batch size.
class WatchedNetwork {
 public:
  WatchedNetwork(const std::shared_ptr<ov::Model>& network, const WatchPlan& plan, int threads)
      : network_(network), plan_(plan), threads_(threads) {}

  void run(const Batch& batch, const Watcher& watcher) {
    if (batch.count != batch_) {
      compile(batch.count);
    }
    auto* pixels = const_cast<float*>(batch.pixels.data());  // only read
    request_.set_input_tensor(ov::Tensor(
        ov::element::f32, {batch.count, batch.channels, batch.height, batch.width}, pixels));
    request_.infer();
    for (std::size_t i = 0; i < outputs_; ++i) {
      const ov::Tensor tensor = request_.get_output_tensor(i);
      watcher(i, {tensor.data<const float>(), tensor.get_size()}, tensor.get_shape());
    }
  }

 private:
  void compile(std::size_t batch) {
    const auto copy = with_batch(network_, batch);
    ov::ResultVector results;
    for (const auto& output : plan_(copy).outputs) {
      results.push_back(std::make_shared<ov::op::v0::Result>(output));
    }
    outputs_ = results.size();
    const auto watched = std::make_shared<ov::Model>(results, copy->get_parameters());
    request_ = {};  // the old one's memory first
    request_ = runtime_core()
                   .compile_model(watched, "CPU", compile_settings(threads_))
                   .create_infer_request();
    batch_ = batch;
  }

  std::shared_ptr<ov::Model> network_;
  const WatchPlan& plan_;
  int threads_;
  std::size_t outputs_ = 0;
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

WatchPlan watch_named(const std::vector<ValueName>& values) {
  return [values](const std::shared_ptr<ov::Model>& copy) {
    std::unordered_map<std::string, NodePtr> by_name;
    for (const auto& node : copy->get_ops()) {
      by_name[node->get_friendly_name()] = node;
    }
    Watched watched;
    for (const auto& [node, output] : values) {
      watched.outputs.push_back(by_name.at(node)->output(output));
    }
    return watched;
  };
}

std::size_t watch_values(const std::shared_ptr<ov::Model>& network,
                         const WatchPlan& plan,
                         const CalibrationData& calibration,
                         const std::string& phase,
                         const Watcher& watcher) {
  const int threads = threads_or_available(calibration.options.threads);
  try {
    const std::size_t bytes = bytes_per_image(network, plan);
    const auto batch =
        std::clamp<std::size_t>(kMaxWatchedBytes / std::max<std::size_t>(bytes, 1), 1,
                                static_cast<std::size_t>(calibration.options.batch));
    WatchedNetwork watched(network, plan, threads);
    return for_each_batch(calibration, batch, phase,
                          [&](const Batch& images) { watched.run(images, watcher); });
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, "calibration: ", runtime_text(error));
  }
}

}  // namespace zoa
