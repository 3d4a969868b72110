// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/state_file.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"

namespace zoa {
namespace {

constexpr char kFormatKey[] = "format";
constexpr char kFormat[] = "zoa-state-";  // and the schema
constexpr char kChecksumKey[] = "checksum";

// Over the file without it, in every schema: whether a file is sound is known before what it says.
Bytes with_checksum(Safetensors content) {
  content.metadata.erase(kChecksumKey);
  content.metadata[kChecksumKey] = hash128(write_safetensors(content));
  return write_safetensors(content);
}

// "zoa-state-12" to 12.
std::optional<int> parse_schema(const std::string& format) {
  const std::string_view start = kFormat;
  int schema = 0;
  const char* const end = format.data() + format.size();
  if (!format.starts_with(start)) {
    return std::nullopt;
  }
  const auto parsed = std::from_chars(format.data() + start.size(), end, schema);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == end && schema > 0;
  return whole ? std::optional<int>(schema) : std::nullopt;
}

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
  content.metadata[kFormatKey] = kFormat + std::to_string(kStateSchema);
  return with_checksum(std::move(content));
}

MemoryState MemoryState::from_bytes(std::span<const std::uint8_t> bytes, const std::string& where) {
  MemoryState state;
  state.content_ = read_safetensors(bytes, where);
  const auto format = state.content_.metadata.find(kFormatKey);
  const std::optional<int> schema =
      format == state.content_.metadata.end() ? std::nullopt : parse_schema(format->second);
  if (!schema) {
    fail(ErrorCode::BadFile, where, ": is not a state file of zoa; expected the format ", kFormat,
         kStateSchema);
  }
  // One content has one spelling, so comparing the bytes also finds damage that parses.
  const Bytes wanted = with_checksum(state.content_);
  if (!std::equal(bytes.begin(), bytes.end(), wanted.begin(), wanted.end())) {
    fail(ErrorCode::BadFile, where, ": the checksum does not fit: the file is damaged");
  }
  if (*schema > kStateSchema) {
    fail(ErrorCode::StateMismatch, where, ": is of the format ", format->second,
         ", this version of zoa reads up to ", kFormat, kStateSchema, "; a newer zoa wrote it");
  }
  state.content_.metadata.erase(kFormatKey);
  state.content_.metadata.erase(kChecksumKey);
  return state;
}

}  // namespace zoa
