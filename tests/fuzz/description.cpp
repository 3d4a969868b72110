// SPDX-License-Identifier: Apache-2.0
// zoa.json, the manifest of a model folder.
#include "zoa/model/description.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  ModelDescription description;
  if (!fuzz::reads([&] { description = read_description(fuzz::text_of({data, size}), "input"); },
                   {ErrorCode::BadFile})) {
    return 0;
  }
  const std::string text = write_description(description);
  fuzz::require(write_description(read_description(text, "again")) == text,
                "what was read can be written and read again");
  return 0;
}
