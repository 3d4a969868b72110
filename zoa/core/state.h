// SPDX-License-Identifier: Apache-2.0
// Where a method writes its state to and reads it back from: named arrays of doubles and integers.
// The file format (safetensors with checksum) is not the method's business.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace zoa {

class StateWriter {
 public:
  virtual ~StateWriter() = default;
  virtual void put_f32(const std::string& name, std::span<const float> values) = 0;
  virtual void put_f64(const std::string& name, std::span<const double> values) = 0;
  virtual void put_i64(const std::string& name, std::span<const std::int64_t> values) = 0;
};

class StateReader {
 public:
  virtual ~StateReader() = default;
  virtual bool has(const std::string& name) const = 0;
  /// Throws  StateMismatch if the name is missing or has another type.
  virtual std::vector<float> get_f32(const std::string& name) const = 0;
  virtual std::vector<double> get_f64(const std::string& name) const = 0;
  virtual std::vector<std::int64_t> get_i64(const std::string& name) const = 0;
};

}  // namespace zoa
