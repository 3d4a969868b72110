// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/core/safetensors_header.h"

namespace zoa {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::size_t kAlignment = 8;  // of the first tensor in the file

template <class Value>
Tensor tensor_of(TensorType type, std::span<const Value> values) {
  Tensor tensor{type, {values.size()}, Bytes(values.size_bytes())};
  if (!values.empty()) {
    std::memcpy(tensor.bytes.data(), values.data(), values.size_bytes());
  }
  return tensor;
}

template <class Value>
std::vector<Value> values_of(TensorType type, const Tensor& tensor) {
  if (tensor.type != type || tensor.bytes.size() % sizeof(Value) != 0) {
    fail(ErrorCode::InvalidArgument, "tensor is ", to_string(tensor.type), ", not ",
         to_string(type));
  }
  std::vector<Value> values(tensor.bytes.size() / sizeof(Value));
  if (!values.empty()) {
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  }
  return values;
}

using Named = std::pair<const std::string, Tensor>;

std::vector<const Named*> file_order(const Safetensors& content) {
  std::vector<const Named*> order;
  order.reserve(content.tensors.size());
  for (const Named& named : content.tensors) {
    order.push_back(&named);
  }
  std::sort(order.begin(), order.end(), [](const Named* a, const Named* b) {
    const std::size_t bytes_a = type_bytes(a->second.type);
    const std::size_t bytes_b = type_bytes(b->second.type);
    return bytes_a != bytes_b ? bytes_a > bytes_b : a->first < b->first;
  });
  return order;
}

void check_writable(const std::string& name, const Tensor& tensor) {
  if (name == detail::kMetadataKey) {
    fail(ErrorCode::InvalidArgument, "tensor name '", name, "' is reserved");
  }
  const std::optional<std::size_t> wanted = detail::tensor_bytes(tensor.type, tensor.shape);
  if (wanted != tensor.bytes.size()) {
    fail(ErrorCode::InvalidArgument, "tensor '", name, "' has ", tensor.bytes.size(),
         " bytes, which does not fit its shape");
  }
}

std::string dump_header(const nlohmann::ordered_json& header) {
  try {
    return header.dump();
  } catch (const nlohmann::json::exception& error) {  // text that is not UTF-8
    fail(ErrorCode::InvalidArgument, "safetensors header: ", error.what());
  }
}

std::uint64_t read_length(std::span<const std::uint8_t> bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  return length;
}

}  // namespace

const char* to_string(TensorType type) noexcept {
  switch (type) {
    case TensorType::F32: return "F32";
    case TensorType::F64: return "F64";
    case TensorType::I64: return "I64";
    case TensorType::U8: return "U8";
  }
  return "U8";
}

std::size_t type_bytes(TensorType type) noexcept {
  switch (type) {
    case TensorType::F32: return 4;
    case TensorType::F64:
    case TensorType::I64: return 8;
    case TensorType::U8: return 1;
  }
  return 1;
}

Tensor make_tensor(std::span<const float> values) {
  return tensor_of(TensorType::F32, values);
}
Tensor make_tensor(std::span<const double> values) {
  return tensor_of(TensorType::F64, values);
}
Tensor make_tensor(std::span<const std::int64_t> values) {
  return tensor_of(TensorType::I64, values);
}
Tensor make_tensor(std::span<const std::uint8_t> values) {
  return tensor_of(TensorType::U8, values);
}

std::vector<float> values_f32(const Tensor& tensor) {
  return values_of<float>(TensorType::F32, tensor);
}
std::vector<double> values_f64(const Tensor& tensor) {
  return values_of<double>(TensorType::F64, tensor);
}
std::vector<std::int64_t> values_i64(const Tensor& tensor) {
  return values_of<std::int64_t>(TensorType::I64, tensor);
}

std::vector<float> take_f32(const Safetensors& file,
                            const std::string& key,
                            const std::string& where) {
  const auto found = file.tensors.find(key);
  if (found == file.tensors.end()) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' is missing");
  }
  if (found->second.type != TensorType::F32) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' is ", to_string(found->second.type),
         ", expected F32");
  }
  auto values = values_f32(found->second);
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' holds a value that is not finite");
  }
  return values;
}

Bytes write_safetensors(const Safetensors& content) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) {
    header[detail::kMetadataKey] = content.metadata;
  }
  std::size_t end = 0;
  const std::vector<const Named*> order = file_order(content);
  for (const Named* named : order) {
    const auto& [name, tensor] = *named;
    check_writable(name, tensor);
    const std::size_t begin = end;
    end += tensor.bytes.size();
    header[name] = {
        {"dtype", to_string(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = dump_header(header);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  const std::uint64_t length = text.size();
  Bytes bytes(sizeof(length) + text.size());
  std::memcpy(bytes.data(), &length, sizeof(length));
  std::memcpy(bytes.data() + sizeof(length), text.data(), text.size());
  bytes.reserve(bytes.size() + end);
  for (const Named* named : order) {
    bytes.insert(bytes.end(), named->second.bytes.begin(), named->second.bytes.end());
  }
  return bytes;
}

Safetensors read_safetensors(std::span<const std::uint8_t> bytes,
                             const std::string& where,
                             const SafetensorsLimits& limits) {
  constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
  if (bytes.size() < kLengthBytes) {
    fail(ErrorCode::BadFile, where, ": ", bytes.size(), " bytes are too few for safetensors");
  }
  const std::uint64_t length = read_length(bytes);
  if (length > limits.header_bytes) {
    fail(ErrorCode::LimitExceeded, where, ": header says ", length, " bytes, limit is ",
         limits.header_bytes);
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(ErrorCode::BadFile, where, ": header says ", length, " bytes, the file has ",
         bytes.size() - kLengthBytes, " after it");
  }
  const std::span<const std::uint8_t> text = bytes.subspan(kLengthBytes, length);
  const std::span<const std::uint8_t> data = bytes.subspan(kLengthBytes + length);
  detail::SafetensorsHeader header = detail::parse_safetensors_header(text, where, limits);
  detail::check_safetensors_ranges(header, data.size(), where);

  Safetensors content;
  content.metadata = std::move(header.metadata);
  for (detail::TensorEntry& entry : header.entries) {
    const std::span<const std::uint8_t> range = data.subspan(entry.begin, entry.end - entry.begin);
    content.tensors[entry.name] = {entry.type, std::move(entry.shape),
                                   Bytes(range.begin(), range.end())};
  }
  return content;
}

}  // namespace zoa
