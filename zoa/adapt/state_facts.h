// SPDX-License-Identifier: Apache-2.0
// What a state file holds, and how two of them differ: for 'zoa state show' and 'diff'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zoa/adapt/frame_stream.h"
#include "zoa/adapt/guard.h"
#include "zoa/adapt/method_state.h"
#include "zoa/core/state_file.h"

namespace zoa {

struct ArrayFacts {
  std::string name;
  std::string type;  ///< "F32", "F64", "I64"
  std::size_t values = 0;
  std::size_t bytes = 0;
};

struct BankEntryFacts {
  std::optional<double> weight;  ///< softmax share; none in an exported bank
  double norm = 0;               ///< Euclidean, of the offsets from the shipped parameters
};

/// The knowledge of zoa.
struct BankFacts {
  std::size_t parameters = 0;
  std::optional<double> zero_weight;  ///< of the shipped parameters; none in an exported bank
  std::optional<double> eps_norm;     ///< of the present offsets; likewise
  std::optional<double> total_norm;   ///< of all that is added to the shipped parameters; likewise
  std::vector<BankEntryFacts> entries;
};

struct StateFacts {
  int schema = 0;
  std::string zoa;  ///< version that wrote it
  StateOwner owner;
  bool exported_bank = false;
  std::optional<std::uint64_t> steps;  ///< updates so far, of zoa
  std::optional<std::uint64_t> seed;   ///< of zoa
  std::optional<BankFacts> bank;       ///< of zoa; none for a bank without the sizes of its vectors
  std::optional<FrameCounters> frames;  ///< of a stream of frames
  std::optional<SavedGuard> guard;
  std::vector<ArrayFacts> arrays;  ///< by name
  std::size_t bytes = 0;           ///< of the file
};

/// Throws  StateMismatch, BadFile for a bank of zoa, counters or guards that cannot be read.
StateFacts describe_state(const MemoryState& state);

/// What became of one array.
struct ArrayDifference {
  std::string name;
  std::string what;           ///< "only in A", "only in B", "type", "size", "values"
  std::size_t values = 0;     ///< of A's array (B's for "only in B")
  std::size_t differing = 0;  ///< values that are not bit for bit the same; 0 unless "values"
  double largest = 0;         ///< absolute difference; infinite where a value is not a number
  double rms = 0;             ///< root of the mean squared difference over all values
};

/// Arrays that differ, by name; empty = the same arrays bit for bit.
std::vector<ArrayDifference> compare_arrays(const MemoryState& a, const MemoryState& b);

struct TextDifference {
  std::string key;
  std::string a;  ///< "" = has none
  std::string b;
};

/// Metadata that differs, by key.
std::vector<TextDifference> compare_metadata(const MemoryState& a, const MemoryState& b);

}  // namespace zoa
