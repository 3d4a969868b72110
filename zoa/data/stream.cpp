// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/stream.h"

#include <algorithm>
#include <exception>
#include <span>

#include "zoa/core/error.h"
#include "zoa/core/parallel.h"

namespace zoa {
namespace {

constexpr std::size_t kMaxBatch = 65536;
constexpr std::size_t kMaxThreads = 256;

void check_stream(const StreamOptions& options) {
  if (options.batch < 1 || options.batch > kMaxBatch) {
    fail(ErrorCode::InvalidArgument, "stream: batch ", options.batch, ", expected 1..", kMaxBatch);
  }
  if (options.threads < 1 || options.threads > kMaxThreads) {
    fail(ErrorCode::InvalidArgument, "stream: ", options.threads, " threads, expected 1..",
         kMaxThreads);
  }
}

void check_pictures(const Dataset& data,
                    const std::vector<PictureRef>& order,
                    std::size_t classes) {
  for (const PictureRef& picture : order) {
    if (picture.domain >= data.domains().size()) {
      fail(ErrorCode::InvalidArgument, data.spec(), ": domain ", picture.domain, " of ",
           data.domains().size());
    }
    const int label = data.label(picture.domain, picture.index);
    if (classes != 0 && label >= static_cast<int>(classes)) {
      fail(ErrorCode::InvalidArgument, data.spec(), ": picture ", picture.index, " of domain ",
           data.domains()[picture.domain], " has label ", label, ", the network answers ", classes,
           " classes; is this the right data, or --labels missing?");
    }
  }
}

std::vector<PictureRef> order_domain(const Dataset& data,
                                     std::size_t domain,
                                     const StreamOptions& options) {
  if (domain >= data.domains().size()) {
    fail(ErrorCode::InvalidArgument, data.spec(), ": domain ", domain, " of ",
         data.domains().size());
  }
  OrderOptions order;
  order.order = options.shuffle ? Order::Shuffled : Order::File;
  order.seed = options.seed;
  order.limit = options.limit;
  std::vector<PictureRef> pictures;
  for (const std::size_t index : order_pictures(data, domain, order)) {
    pictures.push_back({domain, index});
  }
  return pictures;
}

}  // namespace

BatchReader::BatchReader(const Dataset& data,
                         std::size_t domain,
                         PreprocessSpec spec,
                         StreamOptions options)
    : BatchReader(data, order_domain(data, domain, options), std::move(spec), options) {}

BatchReader::BatchReader(const Dataset& data,
                         std::vector<PictureRef> order,
                         PreprocessSpec spec,
                         StreamOptions options)
    : data_(data), spec_(std::move(spec)), options_(options), order_(std::move(order)) {
  check_preprocess(spec_);
  check_stream(options_);
  check_pictures(data_, order_, options_.classes);
}

bool BatchReader::next(Batch& batch, std::vector<SkippedImage>& skipped) {
  const std::size_t values = num_values(spec_);
  batch.count = 0;
  batch.channels = static_cast<std::size_t>(spec_.channels);
  batch.height = static_cast<std::size_t>(spec_.height);
  batch.width = static_cast<std::size_t>(spec_.width);
  batch.ids.clear();
  batch.labels.clear();
  domains_.clear();
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
      const PictureRef picture = order_[position_ + i];
      const Image image = data_.image(picture.domain, picture.index);
      preprocess(image, spec_, room.subspan(i * values, values));
    } catch (const std::exception& error) {
      reasons[i] = error.what();
      reasons[i] += reasons[i].empty() ? "unknown error" : "";
    }
  });
  float* target = room.data();
  for (std::size_t i = 0; i < count; ++i) {
    const PictureRef picture = order_[position_ + i];
    if (!reasons[i].empty()) {
      skipped.push_back({static_cast<std::int64_t>(picture.index), reasons[i], picture.domain});
      continue;
    }
    const std::span<float> source = room.subspan(i * values, values);
    if (source.data() != target) {
      std::copy(source.begin(), source.end(), target);
    }
    target += values;
    batch.ids.push_back(static_cast<std::int64_t>(picture.index));
    batch.labels.push_back(data_.label(picture.domain, picture.index));
    domains_.push_back(picture.domain);
    ++batch.count;
  }
  position_ += count;
}

}  // namespace zoa
