// SPDX-License-Identifier: Apache-2.0
// A domain of a data set as a stream of preprocessed batches. A picture that cannot be decoded is
// left out and reported; the stream goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/batch.h"
#include "zoa/data/dataset.h"
#include "zoa/image/preprocess.h"

namespace zoa {

struct StreamOptions {
  std::size_t batch = 64;
  std::size_t limit = 0;    ///< pictures taken from the order, bad ones included; 0 = all
  bool shuffle = false;     ///< false = the data's order
  std::uint64_t seed = 0;   ///< of the shuffle; the same seed gives the same order everywhere
  std::size_t classes = 0;  ///< K of the network, to refuse labels beyond it; 0 = do not check
  std::size_t threads = 1;  ///< that decode; the batches do not depend on it
};

struct SkippedImage {
  std::int64_t id = 0;  ///< index in the domain
  std::string reason;   ///< text of the error
};

class BatchReader {
 public:
  /// data must outlive the reader.
  /// Throws  InvalidArgument for a domain or option out of range, or a label beyond `classes`.
  BatchReader(const Dataset& data, std::size_t domain, PreprocessSpec spec, StreamOptions options);

  /// Fills the next batch; bad pictures are replaced by the ones that follow, so only the last
  /// batch can be smaller. Pictures left out are appended to skipped. False = nothing left,
  /// batch.count 0.
  bool next(Batch& batch, std::vector<SkippedImage>& skipped);

  /// Pictures that the stream will try in all.
  std::size_t size() const noexcept { return order_.size(); }

 private:
  void add_pictures(Batch& batch, std::vector<SkippedImage>& skipped);

  const Dataset& data_;
  std::size_t domain_;
  PreprocessSpec spec_;
  StreamOptions options_;
  std::vector<std::size_t> order_;
  std::size_t position_ = 0;
};

}  // namespace zoa
