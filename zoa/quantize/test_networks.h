// SPDX-License-Identifier: Apache-2.0
// The small networks of tests/data/models, quantized on random pictures. Only tests include it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zoa/data/stream.h"
#include "zoa/engine/engine.h"
#include "zoa/quantize/quantize.h"
#include "zoa/quantize/test_images.h"

namespace zoa::test {

inline constexpr int kSize = 16;
inline constexpr std::size_t kImages = 24;

inline Model load_float(const std::string& file) {
  return Model::from_file(std::filesystem::path(ZOA_SOURCE_DIR) / "tests/data/models" / file,
                          preset("imagenet", kSize, kSize));
}

inline QuantizeOptions options_of(const std::string& bits) {
  QuantizeOptions options;
  options.bits = bits;
  options.batch = 8;
  options.threads = 1;
  options.reduce_range = "on";
  return options;
}

inline Model make_quantized(const std::string& file,
                            const QuantizeOptions& options,
                            QuantizeReport* report = nullptr) {
  const RandomImages data(kImages, kSize);
  return quantize(load_float(file), {data, 0}, options, report);
}

/// A batch of random pictures.
inline Batch random_batch(std::size_t count) {
  const RandomImages data(count, kSize, 5);
  BatchReader reader(data, 0, preset("imagenet", kSize, kSize), {.batch = count});
  Batch batch;
  std::vector<SkippedImage> skipped;
  reader.next(batch, skipped);
  return batch;
}

/// What one pass over all of `data` gives.
inline std::vector<float> logits_of(const Model& model,
                                    const Dataset& data,
                                    EngineOptions options = {}) {
  BatchReader reader(data, 0, model.preprocess(), {.batch = data.size(0)});
  Batch batch;
  std::vector<SkippedImage> skipped;
  reader.next(batch, skipped);
  options.threads = 1;
  Engine engine(model, options);
  engine.begin(batch);
  const auto logits = engine.pass({}).logits;
  return {logits.begin(), logits.end()};
}

/// Of 32 pictures that calibration has not seen.
inline std::vector<float> logits_of(const Model& model, const EngineOptions& options = {}) {
  return logits_of(model, RandomImages(32, kSize, 99), options);
}

}  // namespace zoa::test
