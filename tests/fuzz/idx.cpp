// SPDX-License-Identifier: Apache-2.0
// idx files of MNIST and its kin, plain or gzip: pictures, then labels.
#include "zoa/data/sources.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  const fuzz::TwoParts parts = fuzz::split({data, size});
  const fuzz::MemoryFile images(parts.first);
  const fuzz::MemoryFile labels(parts.second);
  static const fuzz::MemoryFolder folder;
  folder.link("t10k-images-idx3-ubyte", images);
  folder.link("t10k-labels-idx1-ubyte", labels);
  std::unique_ptr<Dataset> set;
  fuzz::reads([&] { set = detail::make_mnist("mnist:input", folder.path(), {}); },
              {ErrorCode::BadFile, ErrorCode::LimitExceeded});
  if (set == nullptr) {
    return 0;
  }
  const std::size_t last = set->size(0) - 1;
  const Image picture = set->image(0, last);
  fuzz::require(picture.width > 0 && picture.height > 0, "no picture is empty");
  fuzz::require(set->label(0, last) >= 0, "every picture has a label");
  set->hash();
  return 0;
}
