// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/stream.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <span>

#include "zoa/core/error.h"
#include "zoa/core/parallel.h"
#include "zoa/core/rng.h"

namespace zoa {
namespace {

constexpr std::uint32_t kShufflePurpose = 0x73687566;  // a stream of random numbers of its own
constexpr std::size_t kMaxBatch = 65536;
constexpr std::size_t kMaxThreads = 256;

// Fisher-Yates from the end, with our own random numbers: std::shuffle differs between libraries.
void shuffle_order(std::vector<std::size_t>& order, std::uint64_t seed) {
  const Rng rng(seed, 0, kShufflePurpose);
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto pick = static_cast<std::size_t>((std::uint64_t{rng.bits(i)} * i) >> 32U);
    std::swap(order[i - 1], order[pick]);
  }
}

void check_stream(const Dataset& data, std::size_t domain, const StreamOptions& options) {
  if (domain >= data.domains().size()) {
    fail(ErrorCode::InvalidArgument, data.spec(), ": domain ", domain, " of ",
         data.domains().size());
  }
  if (options.batch < 1 || options.batch > kMaxBatch) {
    fail(ErrorCode::InvalidArgument, "stream: batch ", options.batch, ", expected 1..", kMaxBatch);
  }
  if (options.threads < 1 || options.threads > kMaxThreads) {
    fail(ErrorCode::InvalidArgument, "stream: ", options.threads, " threads, expected 1..",
         kMaxThreads);
  }
}

void check_label_range(const Dataset& data,
                       std::size_t domain,
                       const std::vector<std::size_t>& order,
                       std::size_t classes) {
  for (const std::size_t index : order) {
    const int label = data.label(domain, index);
    if (classes != 0 && label >= static_cast<int>(classes)) {
      fail(ErrorCode::InvalidArgument, data.spec(), ": picture ", index, " of domain ",
           data.domains()[domain], " has label ", label, ", the network answers ", classes,
           " classes; is this the right data, or --labels missing?");
    }
  }
}

}  // namespace

BatchReader::BatchReader(const Dataset& data,
                         std::size_t domain,
                         PreprocessSpec spec,
                         StreamOptions options)
    : data_(data), domain_(domain), spec_(std::move(spec)), options_(options) {
  check_preprocess(spec_);
  check_stream(data_, domain_, options_);
  order_.resize(data_.size(domain_));
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (options_.shuffle) {
    shuffle_order(order_, options_.seed);
  }
  if (options_.limit != 0 && options_.limit < order_.size()) {
    order_.resize(options_.limit);
  }
  check_label_range(data_, domain_, order_, options_.classes);
}

bool BatchReader::next(Batch& batch, std::vector<SkippedImage>& skipped) {
  const std::size_t values = num_values(spec_);
  batch.count = 0;
  batch.channels = static_cast<std::size_t>(spec_.channels);
  batch.height = static_cast<std::size_t>(spec_.height);
  batch.width = static_cast<std::size_t>(spec_.width);
  batch.ids.clear();
  batch.labels.clear();
  batch.pixels.resize(std::min(options_.batch, order_.size() - position_) * values);
  while (batch.count < options_.batch && position_ < order_.size()) {
    add_pictures(batch, skipped);
  }
  batch.pixels.resize(batch.count * values);
  return batch.count > 0;
}

// Tries as many pictures as are missing and closes the gaps that bad ones leave.
void BatchReader::add_pictures(Batch& batch, std::vector<SkippedImage>& skipped) {
  const std::size_t values = num_values(spec_);
  const std::size_t count = std::min(options_.batch - batch.count, order_.size() - position_);
  const std::span<float> room(batch.pixels.data() + batch.count * values, count * values);
  std::vector<std::string> reasons(count);
  run_parallel(count, options_.threads, [&](std::size_t i) noexcept {
    try {
      const Image image = data_.image(domain_, order_[position_ + i]);
      preprocess(image, spec_, room.subspan(i * values, values));
    } catch (const std::exception& error) {
      reasons[i] = error.what();
      reasons[i] += reasons[i].empty() ? "unknown error" : "";
    }
  });
  float* target = room.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = order_[position_ + i];
    if (!reasons[i].empty()) {
      skipped.push_back({static_cast<std::int64_t>(index), reasons[i]});
      continue;
    }
    const std::span<float> source = room.subspan(i * values, values);
    if (source.data() != target) {
      std::copy(source.begin(), source.end(), target);
    }
    target += values;
    batch.ids.push_back(static_cast<std::int64_t>(index));
    batch.labels.push_back(data_.label(domain_, index));
    ++batch.count;
  }
  position_ += count;
}

}  // namespace zoa
