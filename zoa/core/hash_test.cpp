// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/hash.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

// As `xxhsum -H3` and `xxhsum -H2` print for an empty file.
TEST(Hash, EmptyIsTheKnownValue) {
  EXPECT_EQ(hash64({}), "2d06800538d394c2");
  EXPECT_EQ(hash128({}), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, NumbersHaveSixteenDigits) {
  EXPECT_EQ(hex64(0x1234ABCD), "000000001234abcd");
}

TEST(Hash, FilesHashLikeTheirBytes) {
  const TestFolder folder;
  std::string text(2'500'000, 'a');
  text[1'234'567] = 'b';
  folder.put("f", text);
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  EXPECT_EQ(hash64_file(folder.file("f")), hash64(bytes));
  EXPECT_EQ(hash128_file(folder.file("f")), hash128(bytes));
  EXPECT_NE(hash128({bytes.data(), bytes.size() - 1}), hash128(bytes));
}

TEST(Hash, PiecesHashLikeTheWhole) {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5, 6, 7};
  const std::span<const std::uint8_t> whole(bytes);
  Hasher hasher;
  EXPECT_EQ(hasher.hash128(), hash128({}));
  hasher.add(whole.first(2));
  hasher.add({});
  hasher.add(whole.subspan(2));
  EXPECT_EQ(hasher.hash128(), hash128(bytes));
}

TEST(Hash, MissingFilesAndFoldersAreIoErrors) {
  const TestFolder folder;
  for (const std::string& path : {folder.file("none"), folder.path()}) {
    try {
      hash64_file(path);
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Io);
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace zoa
