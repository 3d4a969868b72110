// SPDX-License-Identifier: Apache-2.0
// A strict reader of numpy's .npy files and .npz archives. Files are untrusted: sizes are checked
// against the file and against limits before memory is taken; object arrays are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zoa {

enum class NpyType { U8, I32, I64, F32, F64 };

/// numpy's name of a type, e.g. "uint8".
const char* to_string(NpyType type) noexcept;

/// Bytes of one element.
std::size_t size_of(NpyType type) noexcept;

struct NpyLimits {
  std::uint64_t max_bytes = 4ULL << 30U;  ///< of one array, uncompressed
  std::uint64_t max_ratio = 200;          ///< uncompressed / compressed, for arrays over 16 MiB
  std::size_t max_arrays = 4096;          ///< entries of an .npz
};

struct NpyHeader {
  NpyType type = NpyType::U8;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;  ///< where the data starts in the file

  std::size_t count() const noexcept;      ///< elements
  std::size_t num_bytes() const noexcept;  ///< of the data
};

/// An array in memory: little-endian, C order.
struct NpyArray {
  NpyHeader header;
  std::vector<std::uint8_t> bytes;

  std::vector<double> as_f64() const;        ///< any type, converted
  std::vector<float> as_f32() const;         ///< any type, converted
  std::vector<std::int64_t> as_i64() const;  ///< integer types only; throws InvalidArgument else
};

/// Reads the header from the first bytes of a file (versions 1.0 to 3.0).
/// Throws  BadFile for wrong magic, a malformed or oversized header, a type other than NpyType's,
///         Fortran order; LimitExceeded if the data would pass max_bytes.
NpyHeader read_npy_header(std::span<const std::uint8_t> head,
                          const std::string& where,
                          const NpyLimits& limits = {});

/// Parses a whole .npy file; its size must match the header exactly.
NpyArray read_npy(std::span<const std::uint8_t> file,
                  const std::string& where,
                  const NpyLimits& limits = {});

/// Reads a whole .npy file.
/// Throws  Io if it cannot be read; what read_npy throws.
NpyArray load_npy(const std::string& path, const NpyLimits& limits = {});

/// Header and size check only: the data is not read.
NpyHeader load_npy_header(const std::string& path, const NpyLimits& limits = {});

/// Rows first .. first + rows of the first axis.
/// Throws  InvalidArgument if the array has fewer rows.
NpyArray load_npy_rows(const std::string& path,
                       std::size_t first,
                       std::size_t rows,
                       const NpyLimits& limits = {});

struct NpzEntry {
  std::string name;  ///< without ".npy"
  NpyHeader header;
  std::uint32_t crc = 0;  ///< CRC-32 of the entry, from the archive's directory
};

/// An open archive. Opening reads the headers, not the data. Thread-safe.
class NpzFile {
 public:
  /// Throws  Io if it cannot be opened; BadFile if it is no zip, an entry is no .npy or a name
  /// comes
  ///         twice; LimitExceeded past a limit (a zip bomb's ratio included).
  explicit NpzFile(const std::string& path, const NpyLimits& limits = {});
  ~NpzFile();
  NpzFile(const NpzFile&) = delete;
  NpzFile& operator=(const NpzFile&) = delete;

  const std::vector<NpzEntry>& entries() const noexcept;  ///< in file order
  bool has(const std::string& name) const noexcept;
  /// Throws  InvalidArgument for an unknown name; BadFile if the data does not match size or CRC.
  NpyArray load(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoa
