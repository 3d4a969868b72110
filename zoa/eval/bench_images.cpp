// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench_images.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "zoa/core/clock.h"
#include "zoa/core/error.h"
#include "zoa/core/parallel.h"
#include "zoa/core/rng.h"
#include "zoa/core/threads.h"
#include "zoa/data/stream.h"

namespace zoa {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail_too_few(const Dataset& data,
                               std::size_t domain,
                               std::size_t found,
                               std::size_t count) {
  fail(ErrorCode::InvalidArgument, data.spec(), ": ", found, " usable images in domain '",
       data.domains()[domain], "'; a batch of ", count, " needs more");
}

// run_parallel() for work that throws: the first error of the lowest index comes out.
template <class Work>
void run_all(std::size_t count, std::size_t threads, const Work& work) {
  std::vector<std::exception_ptr> errors(count);
  run_parallel(count, threads, [&](std::size_t i) noexcept {
    try {
      work(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors) {
    if (error) {
      std::rethrow_exception(error);
    }
  }
}

}  // namespace

BatchMaker random_batches(const Model& model, std::uint64_t seed) {
  return [spec = model.preprocess(), seed](std::size_t count) {
    Batch batch;
    batch.count = count;
    batch.channels = static_cast<std::size_t>(spec.channels);
    batch.height = static_cast<std::size_t>(spec.height);
    batch.width = static_cast<std::size_t>(spec.width);
    batch.pixels.resize(count * num_values(spec));
    const Rng rng(seed, count);
    for (std::size_t i = 0; i < batch.pixels.size(); ++i) {
      batch.pixels[i] = static_cast<float>(rng.uniform(i) * 2 - 1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      batch.ids.push_back(static_cast<std::int64_t>(i));
    }
    batch.labels.assign(count, -1);
    return batch;
  };
}

BatchMaker data_batches(const Model& model, const Dataset& data, std::size_t domain) {
  return [spec = model.preprocess(), &data, domain](std::size_t count) {
    StreamOptions options;
    options.batch = count;
    BatchReader reader(data, domain, spec, options);
    Batch batch;
    std::vector<SkippedImage> skipped;
    if (!reader.next(batch, skipped) || batch.count < count) {
      fail_too_few(data, domain, batch.count, count);
    }
    return batch;
  };
}

PictureTimes time_pictures(const Model& model,
                           const Dataset& data,
                           std::size_t domain,
                           std::size_t batch,
                           const BenchOptions& options) {
  if (data.size(domain) < batch) {
    fail_too_few(data, domain, data.size(domain), batch);
  }
  const PreprocessSpec& spec = model.preprocess();
  const auto threads = static_cast<std::size_t>(threads_or_available(options.threads));
  std::vector<float> pixels(num_values(spec) * threads);
  std::vector<Image> images(threads);
  std::vector<double> decode;
  std::vector<double> resize;
  for (std::int64_t rep = -options.warmup; rep < options.reps; ++rep) {
    double decoding = 0;
    double resizing = 0;
    // As many pictures at a time as there are threads: large ones would not fit all at once.
    for (std::size_t first = 0; first < batch; first += threads) {
      const std::size_t count = std::min(threads, batch - first);
      const Clock::time_point start = Clock::now();
      run_all(count, threads, [&](std::size_t i) { images[i] = data.image(domain, first + i); });
      decoding += milliseconds_since(start);
      const Clock::time_point decoded = Clock::now();
      run_all(count, threads, [&](std::size_t i) {
        preprocess(images[i], spec,
                   std::span(pixels).subspan(i * num_values(spec), num_values(spec)));
      });
      resizing += milliseconds_since(decoded);
    }
    if (rep >= 0) {
      decode.push_back(decoding);
      resize.push_back(resizing);
    }
  }
  return {model.name(), batch, median(decode), median(resize)};
}

}  // namespace zoa
