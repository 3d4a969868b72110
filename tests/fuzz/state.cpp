// SPDX-License-Identifier: Apache-2.0
// State files: as they are, and, since a checksum stands before what they hold, tensors of the
// input as the content of a sound one: described, merged, loaded by every method.
#include <memory>
#include <vector>

#include "zoa/adapt/state_facts.h"
#include "zoa/methods/bank_merge.h"
#include "zoa/methods/fake_forward.h"

#include "tests/fuzz/fuzz.h"

namespace {

using namespace zoa;

constexpr std::size_t kBankEntries = 4;

const auto kRefusals = {ErrorCode::BadFile, ErrorCode::StateMismatch};

MemoryState state_of(const Safetensors& content) {
  MemoryState state;
  state.metadata() = content.metadata;
  state.metadata().erase("format");  // these two are the file's own
  state.metadata().erase("checksum");
  for (const auto& [name, tensor] : content.tensors) {
    switch (tensor.type) {
      case TensorType::F32: state.put_f32(name, values_f32(tensor)); break;
      case TensorType::F64: state.put_f64(name, values_f64(tensor)); break;
      case TensorType::I64: state.put_i64(name, values_i64(tensor)); break;
      case TensorType::U8: break;
    }
  }
  return state;
}

std::vector<std::unique_ptr<Method>> make_methods(Family family) {
  std::vector<std::unique_ptr<Method>> methods;
  for (const MethodInfo& listed : list_methods()) {
    const ModelInfo model = fake_model(family);
    fuzz::reads(
        [&] {
          const FakeForward forward(family, method_needs(listed.name, {}, model));
          methods.push_back(
              make_method(listed.name, {}, 7, forward.info(), make_fake_stats(forward.info())));
        },
        {ErrorCode::UnsupportedModel});
  }
  return methods;
}

void load_everywhere(MemoryState& state) {
  static const auto vit = make_methods(Family::Vit);
  static const auto cnn = make_methods(Family::Cnn);
  for (const auto* methods : {&vit, &cnn}) {
    for (const std::unique_ptr<Method>& method : *methods) {
      if (fuzz::reads([&] { method->load(state); }, kRefusals)) {
        MemoryState saved;
        method->save(saved);
        method->reset();
      }
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input(data, size);
  const auto refusals = {ErrorCode::BadFile, ErrorCode::LimitExceeded, ErrorCode::StateMismatch};
  fuzz::reads([&] { MemoryState::from_bytes(input, "input"); }, refusals);
  Safetensors content;
  if (!fuzz::reads([&] { content = read_safetensors(input, "input"); }, refusals)) {
    return 0;
  }
  MemoryState state = state_of(content);
  fuzz::require(MemoryState::from_bytes(state.to_bytes(), "again") == state_of(content),
                "a state that was written can be read");
  fuzz::reads([&] { describe_state(state); }, kRefusals);
  fuzz::reads([&] { export_bank(state); }, kRefusals);
  fuzz::reads(
      [&] {
        MemoryState into = state;
        merge_banks(into, state, kBankEntries);
      },
      {ErrorCode::BadFile, ErrorCode::StateMismatch, ErrorCode::InvalidArgument});
  load_everywhere(state);
  return 0;
}
