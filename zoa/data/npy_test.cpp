// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/npy.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/file.h"
#include "zoa/core/test_error.h"
#include "zoa/data/test_files.h"

namespace zoa {
namespace {

using test::Content;
using test::error_of;
using test::npy_of;

class Npy : public test::DataTest {};
class Npz : public test::DataTest {};

Content with_header(const std::string& head) {
  Content file{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<std::uint8_t>(head.size()), 0};
  test::append(file, head);
  return file;
}

TEST_F(Npy, ReadsEveryType) {
  const NpyArray bytes = read_npy(npy_of("|u1", "(2, 2)", {1, 2, 3, 255}), "x");
  EXPECT_EQ(bytes.header.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(bytes.as_i64(), (std::vector<std::int64_t>{1, 2, 3, 255}));
  const NpyArray ints = read_npy(npy_of("<i4", "(1,)", {0xFE, 0xFF, 0xFF, 0xFF}), "x");
  EXPECT_EQ(ints.as_i64().at(0), -2);
  const NpyArray floats = read_npy(npy_of("<f4", "(1,)", {0, 0, 0xC0, 0x3F}), "x");
  EXPECT_EQ(floats.as_f32().at(0), 1.5F);
  EXPECT_THROW(floats.as_i64(), Error);
  const NpyArray scalar = read_npy(npy_of("<f8", "()", {0, 0, 0, 0, 0, 0, 0xF8, 0x3F}), "x");
  EXPECT_EQ(scalar.as_f64().at(0), 1.5);
  EXPECT_EQ(read_npy(npy_of("<i8", "(0, 3)", {}), "x").header.count(), 0U);
}

TEST_F(Npy, ReadsVersion2AndKeysInAnyOrder) {
  const std::string head = "{\"shape\": (3,), 'descr': '|u1', 'fortran_order': False}  \n";
  Content file{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, static_cast<std::uint8_t>(head.size()),
               0,    0,   0};
  test::append(file, head);
  test::append(file, Content{7, 8, 9});
  EXPECT_EQ(read_npy(file, "x").as_i64(), (std::vector<std::int64_t>{7, 8, 9}));
}

TEST_F(Npy, LoadsFilesAndRows) {
  write("a.npy", npy_of("|u1", "(3, 2)", {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(load_npy(path("a.npy")).bytes, (Content{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(load_npy_header(path("a.npy")).shape.at(0), 3U);
  const NpyArray rows = load_npy_rows(path("a.npy"), 1, 2);
  EXPECT_EQ(rows.bytes, (Content{3, 4, 5, 6}));
  EXPECT_EQ(rows.header.shape.at(0), 2U);
  EXPECT_EQ(error_of([&] { load_npy_rows(path("a.npy"), 2, 2); }).first,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of([&] { load_npy(path("none.npy")); }).first, ErrorCode::Io);
  EXPECT_EQ(error_of([&] { load_npy(path()); }).first, ErrorCode::Io);
}

TEST_F(Npy, RefusesObjectsAndOtherTypes) {
  const auto [code, text] = error_of([] { read_npy(npy_of("|O", "(1,)", {1}), "obj.npy"); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("object arrays are never read"), std::string::npos);
  for (const char* descr : {">f4", "<f2", "|S3", "<U4", "<c8"}) {
    EXPECT_EQ(error_of([&] { read_npy(npy_of(descr, "(1,)", {1}), "x"); }).first,
              ErrorCode::BadFile);
  }
}

TEST_F(Npy, RefusesMalformedHeaders) {
  for (const char* head :
       {"", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': True, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': 1}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|u1, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}"}) {
    EXPECT_EQ(error_of([&] { read_npy(with_header(head), "x"); }).first, ErrorCode::BadFile)
        << head;
  }
}

TEST_F(Npy, RefusesHugeShapesBeforeTakingMemory) {
  const auto huge = with_header(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999, 999999999999)}");
  EXPECT_EQ(error_of([&] { read_npy(huge, "x"); }).first, ErrorCode::LimitExceeded);
  NpyLimits limits;
  limits.max_bytes = 3;
  EXPECT_EQ(error_of([&] { read_npy(npy_of("|u1", "(4,)", {1, 2, 3, 4}), "x", limits); }).first,
            ErrorCode::LimitExceeded);
}

TEST_F(Npy, SizeMustMatchTheHeader) {
  Content file = npy_of("|u1", "(4,)", {1, 2, 3, 4});
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Content cut(file.begin(), file.begin() + static_cast<long>(size));
    EXPECT_EQ(error_of([&] { read_npy(cut, "x"); }).first, ErrorCode::BadFile) << size;
  }
  file.push_back(0);
  write("long.npy", file);
  EXPECT_EQ(error_of([&] { load_npy(path("long.npy")); }).first, ErrorCode::BadFile);
}

TEST_F(Npz, ListsAndLoads) {
  test::write_zip(path("a.npz"), {{"one.npy", npy_of("|u1", "(2,)", {5, 6})},
                                  {"two.npy", npy_of("|u1", "(1, 1)", {7})}});
  const NpzFile file(path("a.npz"));
  ASSERT_EQ(file.entries().size(), 2U);
  EXPECT_EQ(file.entries()[1].name, "two");
  EXPECT_TRUE(file.has("one"));
  EXPECT_EQ(file.load("one").bytes, (Content{5, 6}));
  EXPECT_EQ(file.load("one").bytes, (Content{5, 6}));
  const auto [code, text] = error_of([&] { file.load("tow"); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("two"), std::string::npos);
}

TEST_F(Npz, RefusesOtherFiles) {
  EXPECT_EQ(error_of([&] { NpzFile(path("none.npz")); }).first, ErrorCode::Io);
  write_text("text.npz", "not a zip");
  EXPECT_EQ(error_of([&] { NpzFile(path("text.npz")); }).first, ErrorCode::BadFile);
  test::write_zip(path("b.npz"), {{"readme.txt", {1, 2}}});
  EXPECT_EQ(error_of([&] { NpzFile(path("b.npz")); }).first, ErrorCode::BadFile);
  test::write_zip(path("c.npz"), {{"a.npy", {1, 2, 3}}});
  EXPECT_EQ(error_of([&] { NpzFile(path("c.npz")); }).first, ErrorCode::BadFile);
}

TEST_F(Npz, RefusesABomb) {
  test::write_zip(path("bomb.npz"),
                  {{"zeros.npy", npy_of("|u1", "(33554432,)", Content(33554432))}});
  const auto [code, text] = error_of([&] { NpzFile(path("bomb.npz")); });
  EXPECT_EQ(code, ErrorCode::LimitExceeded);
  EXPECT_NE(text.find("zeros.npy"), std::string::npos);
  NpyLimits limits;
  limits.max_ratio = 100'000;
  EXPECT_EQ(NpzFile(path("bomb.npz"), limits).load("zeros").bytes.size(), 33554432U);
  limits.max_bytes = 1000;
  EXPECT_EQ(error_of([&] { NpzFile(path("bomb.npz"), limits); }).first, ErrorCode::LimitExceeded);
  limits.max_arrays = 0;
  EXPECT_EQ(error_of([&] { NpzFile(path("bomb.npz"), limits); }).first, ErrorCode::LimitExceeded);
}

TEST_F(Npz, PackedSizesAreThoseOfTheFile) {
  // 179 bytes that say they hold 100 MB, unpacking to 3 GB: within the ratio.
  const Content npy = npy_of("|u1", "(3000000000,)", {});
  test::write_zip(path("a.npz"), {{"a.npy", npy}});
  Content bytes = read_file(path("a.npz"), 1U << 20U);
  const std::string entry = "PK\x01\x02";  // of the directory
  const auto at = std::search(bytes.begin(), bytes.end(), entry.begin(), entry.end());
  ASSERT_NE(at, bytes.end());
  const auto put = [&](std::ptrdiff_t offset, std::size_t value) {
    for (std::ptrdiff_t i = 0; i < 4; ++i) {
      at[offset + i] = static_cast<std::uint8_t>(value >> static_cast<unsigned>(8 * i));
    }
  };
  put(20, 100'000'000);
  put(24, 3'000'000'000 + npy.size());
  write("lying.npz", bytes);
  const auto [code, text] = error_of([&] { NpzFile(path("lying.npz")); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("100000000 packed bytes"), std::string::npos) << text;
}

TEST_F(Npz, NoticesDamage) {
  Content noise(5000);
  std::uint32_t state = 1;
  for (std::uint8_t& value : noise) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  test::write_zip(path("a.npz"), {{"a.npy", npy_of("|u1", "(5000,)", noise)}});
  Content bytes = read_file(path("a.npz"), 1U << 20U);
  bytes[2500] ^= 0x10U;
  write("damaged.npz", bytes);
  EXPECT_EQ(error_of([&] { NpzFile(path("damaged.npz")).load("a"); }).first, ErrorCode::BadFile);
  bytes.resize(bytes.size() / 2);
  write("cut.npz", bytes);
  EXPECT_EQ(error_of([&] { NpzFile(path("cut.npz")); }).first, ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
