// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_state.h"

#include <bit>
#include <string>
#include <vector>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr char kPrefix[] = "zoa";
constexpr std::int64_t kVersion = 1;

}  // namespace

void ZoaState::save(StateWriter& writer) const {
  const std::vector<std::int64_t> counters = {kVersion, std::bit_cast<std::int64_t>(seed),
                                              std::bit_cast<std::int64_t>(step)};
  writer.put_i64(std::string(kPrefix) + ".counters", counters);
  bank.save(writer, kPrefix);
  detector.save(writer, kPrefix);
  shift.save(writer, kPrefix);
}

void ZoaState::load(const StateReader& reader, std::size_t stem_channels) {
  const std::vector<std::int64_t> counters = reader.get_i64(std::string(kPrefix) + ".counters");
  if (counters.size() != 3 || counters[0] != kVersion) {
    fail(ErrorCode::StateMismatch, "state was not saved by this version of the method zoa");
  }
  seed = std::bit_cast<std::uint64_t>(counters[1]);
  step = std::bit_cast<std::uint64_t>(counters[2]);
  bank.load(reader, kPrefix);
  detector.load(reader, kPrefix, stem_channels);
  shift.load(reader, kPrefix);
}

}  // namespace zoa
