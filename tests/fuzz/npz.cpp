// SPDX-License-Identifier: Apache-2.0
// .npz archives: the directory, and the data of every array.
#include "zoa/data/npy.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  const fuzz::MemoryFile file(fuzz::Input(data, size));
  std::unique_ptr<NpzFile> archive;
  fuzz::reads([&] { archive = std::make_unique<NpzFile>(file.path()); },
              {ErrorCode::Io, ErrorCode::BadFile, ErrorCode::LimitExceeded});
  if (archive == nullptr) {
    return 0;
  }
  for (const NpzEntry& entry : archive->entries()) {
    fuzz::reads(
        [&] {
          const NpyArray array = archive->load(entry.name);
          fuzz::require(array.bytes.size() == entry.header.num_bytes(),
                        "an array is as long as its header says");
        },
        {ErrorCode::BadFile});
  }
  return 0;
}
