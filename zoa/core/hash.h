// SPDX-License-Identifier: Apache-2.0
// XXH3 checksums as hex text, in the byte order that xxhsum prints. They find damage and tell
// models apart; they are no protection against an attacker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace zoa {

/// 16 hex digits.
std::string hex64(std::uint64_t value);

std::string hash64(std::span<const std::uint8_t> bytes);   ///< 16 hex digits, XXH3-64
std::string hash128(std::span<const std::uint8_t> bytes);  ///< 32 hex digits, XXH3-128

/// Of a file, read in pieces of 1 MiB: memory does not grow with the file.
/// Throws  Io if it cannot be read.
std::string hash64_file(const std::string& path);
std::string hash128_file(const std::string& path);

/// XXH3-128 of bytes that come in pieces, however they are cut.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void add(std::span<const std::uint8_t> bytes);
  std::string hash128() const;  ///< of all so far, as hash128() of them in one piece

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zoa
