// SPDX-License-Identifier: Apache-2.0
// safetensors files, and the source statistics of a model folder in them.
#include "zoa/core/safetensors.h"

#include "zoa/model/site_stats.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoa;
  Safetensors content;
  if (!fuzz::reads([&] { content = read_safetensors({data, size}, "input"); },
                   {ErrorCode::BadFile, ErrorCode::LimitExceeded})) {
    return 0;
  }
  fuzz::require(read_safetensors(write_safetensors(content), "again") == content,
                "what was read can be written and read again");
  fuzz::reads([&] { take_site_stats(content, "input"); }, {ErrorCode::BadFile});
  return 0;
}
