// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/state_file.h"

#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"

namespace zoa {
namespace {

constexpr char kFormatKey[] = "format";
constexpr char kFormat[] = "zoa-state-1";
constexpr char kChecksumKey[] = "checksum";

}  // namespace

void MemoryState::put_f32(const std::string& name, std::span<const float> values) {
  content_.tensors[name] = make_tensor(values);
}

void MemoryState::put_f64(const std::string& name, std::span<const double> values) {
  content_.tensors[name] = make_tensor(values);
}

void MemoryState::put_i64(const std::string& name, std::span<const std::int64_t> values) {
  content_.tensors[name] = make_tensor(values);
}

std::vector<float> MemoryState::get_f32(const std::string& name) const {
  return values_f32(find(name, TensorType::F32));
}

std::vector<double> MemoryState::get_f64(const std::string& name) const {
  return values_f64(find(name, TensorType::F64));
}

std::vector<std::int64_t> MemoryState::get_i64(const std::string& name) const {
  return values_i64(find(name, TensorType::I64));
}

const Tensor& MemoryState::find(const std::string& name, TensorType type) const {
  const auto found = content_.tensors.find(name);
  if (found == content_.tensors.end()) {
    fail(ErrorCode::StateMismatch, "state has no '", name, "': it was saved by another method");
  }
  if (found->second.type != type) {
    fail(ErrorCode::StateMismatch, "state '", name, "' is ", to_string(found->second.type),
         ", expected ", to_string(type));
  }
  return found->second;
}

std::size_t MemoryState::bytes() const {
  std::size_t sum = 0;
  for (const auto& [name, tensor] : content_.tensors) {
    sum += tensor.bytes.size();
  }
  return sum;
}

Bytes MemoryState::to_bytes() const {
  Safetensors content = content_;
  content.metadata[kFormatKey] = kFormat;
  content.metadata.erase(kChecksumKey);
  content.metadata[kChecksumKey] = hash128(write_safetensors(content));
  return write_safetensors(content);
}

MemoryState MemoryState::from_bytes(std::span<const std::uint8_t> bytes, const std::string& where) {
  MemoryState state;
  state.content_ = read_safetensors(bytes, where);
  const auto format = state.content_.metadata.find(kFormatKey);
  if (format == state.content_.metadata.end() || format->second != kFormat) {
    fail(ErrorCode::BadFile, where, ": not a state file of this version (", kFormat, ")");
  }
  state.content_.metadata.erase(kFormatKey);
  state.content_.metadata.erase(kChecksumKey);
  // One content has one spelling, so comparing the bytes also finds damage that parses.
  const Bytes wanted = state.to_bytes();
  if (!std::equal(bytes.begin(), bytes.end(), wanted.begin(), wanted.end())) {
    fail(ErrorCode::BadFile, where, ": the checksum does not fit: the file is damaged");
  }
  return state;
}

}  // namespace zoa
