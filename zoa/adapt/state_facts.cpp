// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/state_facts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "zoa/methods/bank_merge.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/zoa_state.h"

namespace zoa {
namespace {

std::string text_of(const MemoryState& state, const std::string& key) {
  const auto found = state.metadata().find(key);
  return found == state.metadata().end() ? "" : found->second;
}

BankFacts describe_bank(const KnowledgeBank& bank, bool exported) {
  BankFacts facts;
  facts.parameters = bank.parameters();
  const std::vector<double> weights = bank.weights();
  if (!exported) {
    facts.zero_weight = weights[0];
    facts.eps_norm = norm_of(bank.eps());
    facts.total_norm = norm_of(bank.total());
  }
  for (std::size_t k = 0; k < bank.entries(); ++k) {
    facts.entries.push_back(
        {exported ? std::nullopt : std::optional<double>(weights[k + 1]), norm_of(bank.entry(k))});
  }
  return facts;
}

bool knows_bank(const MemoryState& state) {
  const std::string prefix = kZoaPrefix;
  return state.has(prefix + ".bank") && !KnowledgeBank::saved_vectors(state, prefix).empty();
}

// The values as doubles, to tell by how much they differ. Integers beyond 2^53 lose digits there,
// not in whether they differ.
std::vector<double> numbers_of(const Tensor& tensor) {
  switch (tensor.type) {
    case TensorType::F32: {
      const std::vector<float> values = values_f32(tensor);
      return {values.begin(), values.end()};
    }
    case TensorType::F64: return values_f64(tensor);
    case TensorType::I64: {
      std::vector<double> numbers;
      for (const std::int64_t value : values_i64(tensor)) {
        numbers.push_back(static_cast<double>(value));
      }
      return numbers;
    }
    case TensorType::U8: break;
  }
  return {tensor.bytes.begin(), tensor.bytes.end()};
}

void measure_values(const Tensor& a, const Tensor& b, ArrayDifference& difference) {
  const std::vector<double> left = numbers_of(a);
  const std::vector<double> right = numbers_of(b);
  const std::size_t size = type_bytes(a.type);
  double square = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::memcmp(a.bytes.data() + i * size, b.bytes.data() + i * size, size) == 0) {
      continue;
    }
    ++difference.differing;
    const double distance = std::abs(left[i] - right[i]);
    difference.largest =
        std::max(difference.largest,
                 std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
    square += distance * distance;
  }
  difference.rms = std::isfinite(difference.largest)
                       ? std::sqrt(square / static_cast<double>(left.size()))
                       : difference.largest;
}

std::size_t num_values(const Tensor& tensor) {
  return tensor.bytes.size() / type_bytes(tensor.type);
}

template <class Map>
std::set<std::string> keys_of(const Map& a, const Map& b) {
  std::set<std::string> keys;
  for (const Map* map : {&a, &b}) {
    for (const auto& [key, value] : *map) {
      keys.insert(key);
    }
  }
  return keys;
}

}  // namespace

StateFacts describe_state(const MemoryState& state) {
  StateFacts facts;
  facts.schema = kStateSchema;  // what was read is of this schema or converted to it
  facts.zoa = text_of(state, "zoa");
  facts.owner = read_owner(state);
  facts.exported_bank = is_exported_bank(state);
  const std::string counters = std::string(kZoaPrefix) + ".counters";
  if (state.has(counters)) {
    check_zoa_state(state);
    const std::vector<std::int64_t> values = state.get_i64(counters);
    facts.seed = std::bit_cast<std::uint64_t>(values[1]);
    facts.steps = std::bit_cast<std::uint64_t>(values[2]);
  }
  if (knows_bank(state)) {
    facts.bank = describe_bank(read_bank(state, {}), facts.exported_bank);
  }
  facts.frames = read_frame_counters(state);
  facts.guard = read_saved_guard(state);
  for (const auto& [name, tensor] : state.arrays()) {
    facts.arrays.push_back({name, to_string(tensor.type), num_values(tensor), tensor.bytes.size()});
  }
  facts.bytes = state.to_bytes().size();
  return facts;
}

std::vector<ArrayDifference> compare_arrays(const MemoryState& a, const MemoryState& b) {
  std::vector<ArrayDifference> differences;
  for (const std::string& name : keys_of(a.arrays(), b.arrays())) {
    const auto in_a = a.arrays().find(name);
    const auto in_b = b.arrays().find(name);
    if (in_a == a.arrays().end()) {
      differences.push_back({name, "only in B", num_values(in_b->second)});
      continue;
    }
    ArrayDifference difference{name, "", num_values(in_a->second)};
    if (in_b == b.arrays().end()) {
      difference.what = "only in A";
    } else if (in_a->second.type != in_b->second.type) {
      difference.what = "type";
    } else if (in_a->second.bytes.size() != in_b->second.bytes.size()) {
      difference.what = "size";
    } else if (in_a->second.bytes != in_b->second.bytes) {
      difference.what = "values";
      measure_values(in_a->second, in_b->second, difference);
    } else {
      continue;
    }
    differences.push_back(difference);
  }
  return differences;
}

std::vector<TextDifference> compare_metadata(const MemoryState& a, const MemoryState& b) {
  std::vector<TextDifference> differences;
  for (const std::string& key : keys_of(a.metadata(), b.metadata())) {
    if (text_of(a, key) != text_of(b, key)) {
      differences.push_back({key, text_of(a, key), text_of(b, key)});
    }
  }
  return differences;
}

}  // namespace zoa
