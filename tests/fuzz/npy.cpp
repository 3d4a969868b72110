// SPDX-License-Identifier: Apache-2.0
// .npy files, from memory and from a path: both must say the same.
#include "zoa/data/npy.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  const fuzz::Input input(data, size);
  const auto refusals = {ErrorCode::BadFile, ErrorCode::LimitExceeded};
  NpyArray array;
  NpyArray loaded;
  const bool is_read = fuzz::reads([&] { array = read_npy(input, "input"); }, refusals);
  const fuzz::MemoryFile file(input);
  const bool is_loaded = fuzz::reads([&] { loaded = load_npy(file.path()); }, refusals);
  fuzz::require(is_read == is_loaded && array.bytes == loaded.bytes &&
                    array.header.shape == loaded.header.shape,
                "an array from memory and from a file are the same");
  if (!is_read) {
    return 0;
  }
  fuzz::require(array.as_f64().size() == array.header.count(), "a value for each element");
  array.as_f32();
  fuzz::reads([&] { array.as_i64(); }, {ErrorCode::InvalidArgument});
  if (!array.header.shape.empty() && array.header.shape[0] > 0) {
    const NpyArray row = load_npy_rows(file.path(), array.header.shape[0] - 1, 1);
    fuzz::require(row.bytes.size() == row.header.num_bytes(),
                  "a row is as long as its header says");
  }
  return 0;
}
