// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bank_merge.h"

#include <cmath>
#include <numeric>
#include <string>

#include "zoa/core/error.h"
#include "zoa/methods/zoa_state.h"

namespace zoa {
namespace {

constexpr char kContent[] = "content";
constexpr char kBank[] = "bank";
std::string name_of(const char* part) {
  return std::string(kZoaPrefix) + part;
}

double read_scale(const StateReader& state) {
  const std::vector<double> scale = state.get_f64(name_of(".alpha_scale"));
  if (scale.size() != 1 || !std::isfinite(scale[0]) || scale[0] <= 0) {
    fail(ErrorCode::BadFile, "state has no alpha_scale above 0");
  }
  return scale[0];
}

// The entries with their domains, without what weighs them.
void copy_entries(const StateReader& from, MemoryState& to) {
  to.put_f32(name_of(".bank"), from.get_f32(name_of(".bank")));
  for (const char* part : {".bank_stem_mean", ".bank_stem_variance"}) {
    to.put_f64(name_of(part), from.get_f64(name_of(part)));
  }
}

// An exported bank with what KnowledgeBank::load() wants.
MemoryState with_neutral_weights(const StateReader& exported, std::size_t parameters) {
  MemoryState state;
  copy_entries(exported, state);
  const std::size_t entries = exported.get_f32(name_of(".bank")).size() / parameters;
  state.put_f64(name_of(".alpha"), std::vector<double>(entries + 1));
  state.put_f32(name_of(".eps"), std::vector<float>(parameters));
  return state;
}

}  // namespace

KnowledgeBank read_bank(const StateReader& state,
                        BankOptions options,
                        const std::vector<std::size_t>& sizes) {
  if (!state.has(name_of(".bank"))) {
    fail(ErrorCode::StateMismatch, "state has no bank: the method zoa did not save it");
  }
  std::vector<std::size_t> vectors = KnowledgeBank::saved_vectors(state, kZoaPrefix);
  if (vectors.empty()) {
    vectors = sizes;
  }
  const std::size_t parameters = std::accumulate(vectors.begin(), vectors.end(), std::size_t{0});
  if (parameters == 0) {
    fail(ErrorCode::StateMismatch,
         "state has a bank without the sizes of its vectors: an older zoa saved it; "
         "run zoa eval with it (--state, --state-out) to have it saved anew");
  }
  options.alpha_scale = read_scale(state);
  KnowledgeBank bank(vectors, options, 0);
  if (state.has(name_of(".alpha"))) {
    check_zoa_state(state);
    bank.load(state, kZoaPrefix);
  } else {
    bank.load(with_neutral_weights(state, parameters), kZoaPrefix);
  }
  return bank;
}

bool is_exported_bank(const MemoryState& state) {
  const auto found = state.metadata().find(kContent);
  return found != state.metadata().end() && found->second == kBank;
}

MemoryState export_bank(const MemoryState& state) {
  read_bank(state, {});  // refuses what could not be merged later
  MemoryState bank;
  bank.metadata() = state.metadata();
  bank.metadata()[kContent] = kBank;
  copy_entries(state, bank);
  bank.put_f64(name_of(".alpha_scale"), state.get_f64(name_of(".alpha_scale")));
  bank.put_i64(name_of(".vector_sizes"), state.get_i64(name_of(".vector_sizes")));
  return bank;
}

KnowledgeBank::Merged merge_banks(MemoryState& into,
                                  const MemoryState& from,
                                  std::size_t capacity) {
  if (is_exported_bank(into)) {
    fail(ErrorCode::InvalidArgument,
         "an exported bank cannot take in another; expected a whole state first");
  }
  const std::vector<std::size_t> sizes_from = KnowledgeBank::saved_vectors(from, kZoaPrefix);
  const std::vector<std::size_t> sizes_into = KnowledgeBank::saved_vectors(into, kZoaPrefix);
  KnowledgeBank bank = read_bank(into, {capacity, 1}, sizes_from);
  const KnowledgeBank::Merged merged = bank.merge(read_bank(from, {capacity, 1}, sizes_into));
  bank.save(into, kZoaPrefix);
  return merged;
}

}  // namespace zoa
