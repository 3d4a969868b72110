// SPDX-License-Identifier: Apache-2.0
// A method's state in memory, and as the bytes of a safetensors file with a checksum. Who writes
// the bytes to disk uses write_file_atomic.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/safetensors.h"
#include "zoa/core/state.h"

namespace zoa {

/// Version of the file format; "format" in a file's metadata is "zoa-state-" and this. A file's
/// parts (a method, a stream) have versions of their own among their arrays.
inline constexpr int kStateSchema = 1;

class MemoryState : public StateWriter, public StateReader {
 public:
  /// A name that was put before is replaced.
  void put_f32(const std::string& name, std::span<const float> values) override;
  void put_f64(const std::string& name, std::span<const double> values) override;
  void put_i64(const std::string& name, std::span<const std::int64_t> values) override;

  std::vector<float> get_f32(const std::string& name) const override;
  std::vector<double> get_f64(const std::string& name) const override;
  std::vector<std::int64_t> get_i64(const std::string& name) const override;
  bool has(const std::string& name) const override { return content_.tensors.count(name) != 0; }

  /// All arrays by name.
  const std::map<std::string, Tensor>& arrays() const { return content_.tensors; }

  /// Texts kept beside the arrays, e.g. the hash of the model. The keys "format" and "checksum" are
  /// the file's own and do not appear here.
  std::map<std::string, std::string>& metadata() { return content_.metadata; }
  const std::map<std::string, std::string>& metadata() const { return content_.metadata; }

  std::size_t bytes() const;  ///< of the arrays

  /// safetensors with the metadata, "format" and "checksum" (XXH3-128 of the file without it).
  Bytes to_bytes() const;

  /// Throws  BadFile if anything differs from what to_bytes() wrote, be it one flipped bit;
  ///         StateMismatch for an undamaged file of a newer schema.
  static MemoryState from_bytes(std::span<const std::uint8_t> bytes, const std::string& where);

  friend bool operator==(const MemoryState& a, const MemoryState& b) {
    return a.content_ == b.content_;
  }

 private:
  const Tensor& find(const std::string& name, TensorType type) const;

  Safetensors content_;
};

}  // namespace zoa
