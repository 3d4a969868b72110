// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/engine/engine.h"
#include "zoa/quantize/answers_ov.h"

namespace zoa {

namespace {

constexpr std::size_t kLeastKeptImages = 64;  // what the ranking reads

std::size_t pass_size(const CalibrationData& calibration) {
  return std::min(static_cast<std::size_t>(calibration.options.batch),
                  calibration_size(calibration));
}

// The images again, without a word of progress: the caller knows how often they are read.
CalibrationData silent(const CalibrationData& calibration) {
  return {calibration.data, calibration.domain, calibration.preprocess, calibration.options, {}};
}

// A batch of another size would be another network to compile: the last one is filled up with
// images whose answers nobody reads.
Batch filled(Batch batch, std::size_t count) {
  batch.pixels.resize(batch.pixels.size() / batch.count * count);
  batch.count = count;
  return batch;
}

void add_answers(Engine& engine, const Batch& batch, std::size_t wanted, Logits& logits) {
  engine.begin(batch);
  const auto rows = engine.pass({}).logits;
  logits.classes = rows.size() / batch.count;
  const auto used = rows.first(std::min(wanted, batch.labels.size()) * logits.classes);
  for (const float value : used) {
    if (!std::isfinite(value)) {
      fail(ErrorCode::UnsupportedModel, engine.info().name,
           ": a logit is infinite or NaN on a calibration image");
    }
  }
  logits.values.insert(logits.values.end(), used.begin(), used.end());
}

}  // namespace

AnswerReader::AnswerReader(const ModelGraph& graph,
                           const CalibrationData& calibration,
                           std::size_t most_kept_bytes)
    : graph_(graph), calibration_(calibration) {
  const std::size_t size = pass_size(calibration);
  const std::size_t image_bytes = num_values(calibration.preprocess) * sizeof(float);
  const std::size_t most = calibration_size(calibration) * image_bytes <= most_kept_bytes
                               ? calibration_size(calibration)
                               : kLeastKeptImages;
  for_each_batch(silent(calibration), size, "", [&](const Batch& batch) {
    if (labels_.size() < most) {
      kept_.push_back(filled(batch, size));
    }
    labels_.insert(labels_.end(), batch.labels.begin(), batch.labels.end());
  });
}

Logits AnswerReader::read(const std::shared_ptr<ov::Model>& network, std::size_t most) const {
  auto graph = std::make_shared<ModelGraph>(graph_);
  graph->network = network;
  EngineOptions options;
  options.threads = static_cast<int>(calibration_.options.threads);
  Engine engine(Model(graph), options);
  Logits logits;
  std::size_t position = 0;
  const auto add = [&](const Batch& batch) {
    if (position < most) {
      add_answers(engine, batch, most - position, logits);
    }
    position += batch.labels.size();
  };
  std::size_t kept_images = 0;
  for (const Batch& batch : kept_) {
    add(batch);
    kept_images += batch.labels.size();
  }
  if (kept_images < std::min(most, labels_.size())) {
    std::size_t passed = 0;
    const std::size_t size = pass_size(calibration_);
    for_each_batch(silent(calibration_), size, "", [&](const Batch& batch) {
      passed += batch.count;
      if (passed > kept_images) {
        add(filled(batch, size));
      }
    });
  }
  return logits;
}

}  // namespace zoa
