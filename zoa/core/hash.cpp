// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/hash.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <vector>

#include <xxhash.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"

namespace zoa {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

std::string to_hex(const unsigned char* bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string text64(XXH64_hash_t value) {
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, value);
  return to_hex(canonical.digest, sizeof(canonical.digest));
}

std::string text128(XXH128_hash_t value) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, value);
  return to_hex(canonical.digest, sizeof(canonical.digest));
}

using StatePointer = std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)>;

// Feeds the file to update(state, bytes, count).
template <class Update>
void read_into(const std::string& path, XXH3_state_t* state, Update update) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    detail::fail_io("read", path, errno);
  }
  std::vector<char> buffer(kChunkBytes);
  for (;;) {
    errno = 0;
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (std::ferror(file.get()) != 0) {
      detail::fail_io("read", path, errno != 0 ? errno : EIO);
    }
    if (count == 0) {
      return;
    }
    update(state, buffer.data(), count);
  }
}

StatePointer make_state() {
  StatePointer state(XXH3_createState(), &XXH3_freeState);
  if (state == nullptr) {
    throw std::bad_alloc();
  }
  return state;
}

}  // namespace

std::string hex64(std::uint64_t value) {
  return text64(value);
}

std::string hash64(std::span<const std::uint8_t> bytes) {
  return text64(XXH3_64bits(bytes.data(), bytes.size()));
}

std::string hash128(std::span<const std::uint8_t> bytes) {
  return text128(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string hash64_file(const std::string& path) {
  const StatePointer state = make_state();
  XXH3_64bits_reset(state.get());
  read_into(path, state.get(), XXH3_64bits_update);
  return text64(XXH3_64bits_digest(state.get()));
}

std::string hash128_file(const std::string& path) {
  const StatePointer state = make_state();
  XXH3_128bits_reset(state.get());
  read_into(path, state.get(), XXH3_128bits_update);
  return text128(XXH3_128bits_digest(state.get()));
}

struct Hasher::State {
  StatePointer xxh = make_state();
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(state_->xxh.get());
}

Hasher::~Hasher() = default;

void Hasher::add(std::span<const std::uint8_t> bytes) {
  XXH3_128bits_update(state_->xxh.get(), bytes.data(), bytes.size());
}

std::string Hasher::hash128() const {
  return text128(XXH3_128bits_digest(state_->xxh.get()));
}

}  // namespace zoa
