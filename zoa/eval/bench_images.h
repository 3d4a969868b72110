// SPDX-License-Identifier: Apache-2.0
// What 'zoa bench' feeds the networks: random pixels or pictures of a data set, and what it takes
// to turn such pictures into a batch.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "zoa/core/batch.h"
#include "zoa/data/dataset.h"
#include "zoa/eval/bench_options.h"
#include "zoa/model/model.h"

namespace zoa {

/// One batch of so many images. Called once per batch size.
using BatchMaker = std::function<Batch(std::size_t count)>;

/// Random pixels of the network's input size.
BatchMaker random_batches(const Model& model, std::uint64_t seed);

/// The first images of a domain. data must outlive the result.
/// Throws  InvalidArgument where the domain has fewer.
BatchMaker data_batches(const Model& model, const Dataset& data, std::size_t domain);

/// Wall time from pictures to a batch, in milliseconds; medians over the repetitions.
struct PictureTimes {
  std::string model;  ///< as in the rows
  std::size_t batch = 0;
  double decode_ms = 0;  ///< from the data set: file, decoder, corruption where it is made now
  double resize_ms = 0;  ///< resize, crop, normalise, as the model folder says
};

/// Times the first `batch` pictures of a domain on options.threads threads. Not part of any step.
/// Throws  InvalidArgument where the domain has fewer, and what the pictures throw.
PictureTimes time_pictures(const Model& model,
                           const Dataset& data,
                           std::size_t domain,
                           std::size_t batch,
                           const BenchOptions& options);

}  // namespace zoa
