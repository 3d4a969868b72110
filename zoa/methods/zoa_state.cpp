// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_state.h"

#include <bit>
#include <string>
#include <vector>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr std::int64_t kVersion = 2;  // 2: stem statistics with the entries of the bank

std::vector<std::int64_t> read_counters(const StateReader& reader) {
  std::vector<std::int64_t> counters = reader.get_i64(std::string(kZoaPrefix) + ".counters");
  if (counters.size() != 3 || counters[0] != kVersion) {
    fail(ErrorCode::StateMismatch, "state was not saved by this version of the method zoa");
  }
  return counters;
}

}  // namespace

void check_zoa_state(const StateReader& reader) {
  read_counters(reader);
}

void ZoaState::save(StateWriter& writer) const {
  const std::vector<std::int64_t> counters = {kVersion, std::bit_cast<std::int64_t>(seed),
                                              std::bit_cast<std::int64_t>(step)};
  writer.put_i64(std::string(kZoaPrefix) + ".counters", counters);
  bank.save(writer, kZoaPrefix);
  detector.save(writer, kZoaPrefix);
  shift.save(writer, kZoaPrefix);
  if (norms) {
    norms->save(writer, kZoaPrefix);
  }
}

void ZoaState::load(const StateReader& reader, std::size_t stem_channels) {
  const std::vector<std::int64_t> counters = read_counters(reader);
  seed = std::bit_cast<std::uint64_t>(counters[1]);
  step = std::bit_cast<std::uint64_t>(counters[2]);
  bank.load(reader, kZoaPrefix);
  detector.load(reader, kZoaPrefix, stem_channels);
  shift.load(reader, kZoaPrefix);
  // A state that was saved with another rule for BatchNorms begins with the shipped statistics.
  if (norms && BlendedNorms::is_saved(reader, kZoaPrefix)) {
    norms->load(reader, kZoaPrefix);
  }
}

}  // namespace zoa
