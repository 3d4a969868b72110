// SPDX-License-Identifier: Apache-2.0
// Pictures of a data set as a stream of preprocessed batches, one domain or a list in any order
// (order.h). A picture that cannot be decoded is
// left out and reported; the stream goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/batch.h"
#include "zoa/data/dataset.h"
#include "zoa/data/order.h"
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
  std::int64_t id = 0;     ///< index in the domain
  std::string reason;      ///< text of the error
  std::size_t domain = 0;  ///< in Dataset::domains()
};

class BatchReader {
 public:
  /// data must outlive the reader.
  /// Throws  InvalidArgument for a domain or option out of range, or a label beyond `classes`.
  BatchReader(const Dataset& data, std::size_t domain, PreprocessSpec spec, StreamOptions options);

  /// The pictures of a list, in its order; limit, shuffle and seed of the options are not used.
  /// Throws  as above.
  BatchReader(const Dataset& data,
              std::vector<PictureRef> order,
              PreprocessSpec spec,
              StreamOptions options);

  /// Fills the next batch; bad pictures are replaced by the ones that follow, so only the last
  /// batch can be smaller. Pictures left out are appended to skipped. False = nothing left,
  /// batch.count 0.
  bool next(Batch& batch, std::vector<SkippedImage>& skipped);

  /// Domain of each picture of the last batch, in Dataset::domains().
  const std::vector<std::size_t>& domains() const noexcept { return domains_; }

  /// Pictures that the stream will try in all.
  std::size_t size() const noexcept { return order_.size(); }

 private:
  void add_pictures(Batch& batch, std::vector<SkippedImage>& skipped);

  const Dataset& data_;
  PreprocessSpec spec_;
  StreamOptions options_;
  std::vector<PictureRef> order_;
  std::vector<std::size_t> domains_;
  std::size_t position_ = 0;
};

}  // namespace zoa
