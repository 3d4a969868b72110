// SPDX-License-Identifier: Apache-2.0
// The safetensors format: eight bytes of header length, a JSON header, raw tensors. Our own strict
// reader and writer; files come from outside, so every number in them is checked before it is used.
// Source  format description of huggingface/safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/file.h"

namespace zoa {

enum class TensorType { F32, F64, I64, U8 };

const char* to_string(TensorType type) noexcept;
std::size_t type_bytes(TensorType type) noexcept;

struct Tensor {
  TensorType type = TensorType::U8;
  std::vector<std::size_t> shape;  ///< empty = one value
  Bytes bytes;                     ///< row-major, little-endian; product(shape) * type_bytes(type)

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;

  friend bool operator==(const Safetensors&, const Safetensors&) = default;
};

/// One-dimensional tensors of numbers, and back.
Tensor make_tensor(std::span<const float> values);
Tensor make_tensor(std::span<const double> values);
Tensor make_tensor(std::span<const std::int64_t> values);
Tensor make_tensor(std::span<const std::uint8_t> values);
/// Any shape is read as one row.
/// Throws  InvalidArgument if the tensor has another type.
std::vector<float> values_f32(const Tensor& tensor);

/// The same for a tensor that must be there.
/// Throws  BadFile if it is missing, has another type or holds a value that is not finite.
std::vector<float> take_f32(const Safetensors& file,
                            const std::string& key,
                            const std::string& where);
std::vector<double> values_f64(const Tensor& tensor);
std::vector<std::int64_t> values_i64(const Tensor& tensor);

struct SafetensorsLimits {
  std::size_t header_bytes = std::size_t{8} << 20;  ///< the format itself allows 100 MB
  std::size_t tensors = 65536;                      ///< entries of the header
  std::size_t dimensions = 16;
};

/// The file's bytes; the same content gives the same bytes. Tensors lie by falling size of their
/// type, then by name, so that each is aligned in the file.
/// Throws  InvalidArgument if a tensor's bytes do not fit its shape or a name is reserved.
Bytes write_safetensors(const Safetensors& content);

/// Strict: refuses other types, overlapping or unused bytes, duplicate names, unknown keys.
/// where  names the file in error texts.
/// Throws  BadFile, or LimitExceeded for a header beyond the limits.
Safetensors read_safetensors(std::span<const std::uint8_t> bytes,
                             const std::string& where,
                             const SafetensorsLimits& limits = {});

}  // namespace zoa
