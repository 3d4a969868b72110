// SPDX-License-Identifier: Apache-2.0
// The .npy format as numpy's documentation has it (numpy/lib/format): magic, version, header
// length, a Python dict literal with exactly three keys, then the bytes.
#include "zoa/data/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "zoa/core/error.h"
#include "zoa/data/npy_literal.h"

namespace zoa {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxHeader = 10'000;  // numpy's own limit for untrusted files
constexpr std::size_t kMaxHead = kMaxHeader + 12;

struct TypeRow {
  NpyType type;
  const char* name;
  const char* descr;
  std::size_t bytes;
};
constexpr std::array<TypeRow, 5> kTypes{{{NpyType::U8, "uint8", "|u1", 1},
                                         {NpyType::I32, "int32", "<i4", 4},
                                         {NpyType::I64, "int64", "<i8", 8},
                                         {NpyType::F32, "float32", "<f4", 4},
                                         {NpyType::F64, "float64", "<f8", 8}}};

const TypeRow& row_of(NpyType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [&](const auto& row) { return row.type == type; });
}

NpyType parse_descr(const std::string& descr, const std::string& where) {
  for (const TypeRow& row : kTypes) {
    if (descr == row.descr || (row.bytes == 1 && descr == "u1")) {
      return row.type;
    }
  }
  const char* remedy = descr == "|O" ? "; object arrays are never read, save plain numbers" : "";
  fail(ErrorCode::BadFile, where, ": npy type \"", descr, "\", expected |u1, <i4, <i8, <f4 or <f8",
       remedy);
}

void check_bytes(const NpyHeader& header, const std::string& where, const NpyLimits& limits) {
  std::uint64_t bytes = size_of(header.type);
  for (const std::size_t side : header.shape) {
    if (side != 0 && bytes > limits.max_bytes / side) {
      fail(ErrorCode::LimitExceeded, where, ": array of more than ", limits.max_bytes, " bytes");
    }
    bytes *= side;
  }
}

template <class To, class From>
void convert(const std::vector<std::uint8_t>& bytes, std::vector<To>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value{};
    std::memcpy(&value, &bytes[i * sizeof(From)], sizeof(From));
    out[i] = static_cast<To>(value);
  }
}

template <class To>
std::vector<To> convert_all(const NpyArray& array) {
  std::vector<To> out(array.header.count());
  switch (array.header.type) {
    case NpyType::U8: convert<To, std::uint8_t>(array.bytes, out); break;
    case NpyType::I32: convert<To, std::int32_t>(array.bytes, out); break;
    case NpyType::I64: convert<To, std::int64_t>(array.bytes, out); break;
    case NpyType::F32: convert<To, float>(array.bytes, out); break;
    case NpyType::F64: convert<To, double>(array.bytes, out); break;
  }
  return out;
}

// An open .npy file whose size fits its header.
struct NpyFile {
  std::ifstream stream;
  NpyHeader header;
};

NpyFile open_npy(const std::string& path, const NpyLimits& limits) {
  NpyFile file{std::ifstream(path, std::ios::binary), {}};
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (!file.stream || code) {
    fail(ErrorCode::Io, path, ": cannot be read; check that it exists and its rights");
  }
  std::vector<std::uint8_t> head(std::min<std::size_t>(kMaxHead, size));
  file.stream.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  file.header = read_npy_header(head, path, limits);
  if (size != file.header.offset + file.header.num_bytes()) {
    fail(ErrorCode::BadFile, path, ": ", size, " bytes, the npy header asks for ",
         file.header.offset + file.header.num_bytes());
  }
  return file;
}

std::vector<std::uint8_t> read_part(NpyFile& file,
                                    const std::string& path,
                                    std::size_t skip,
                                    std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  file.stream.clear();
  file.stream.seekg(static_cast<std::streamoff>(file.header.offset + skip));
  file.stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  if (file.stream.gcount() != static_cast<std::streamsize>(count)) {
    fail(ErrorCode::Io, path, ": only ", file.stream.gcount(), " of ", count, " bytes came");
  }
  return bytes;
}

}  // namespace

const char* to_string(NpyType type) noexcept {
  return row_of(type).name;
}

std::size_t size_of(NpyType type) noexcept {
  return row_of(type).bytes;
}

std::size_t NpyHeader::count() const noexcept {
  std::size_t product = 1;
  for (const std::size_t side : shape) {
    product *= side;
  }
  return product;
}

std::size_t NpyHeader::num_bytes() const noexcept {
  return count() * size_of(type);
}

std::vector<double> NpyArray::as_f64() const {
  return convert_all<double>(*this);
}

std::vector<float> NpyArray::as_f32() const {
  return convert_all<float>(*this);
}

std::vector<std::int64_t> NpyArray::as_i64() const {
  if (header.type == NpyType::F32 || header.type == NpyType::F64) {
    fail(ErrorCode::InvalidArgument, "npy array of ", to_string(header.type),
         ", expected whole numbers");
  }
  return convert_all<std::int64_t>(*this);
}

NpyHeader read_npy_header(std::span<const std::uint8_t> head,
                          const std::string& where,
                          const NpyLimits& limits) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (head.size() < 10 || !text.starts_with(kMagic)) {
    fail(ErrorCode::BadFile, where, ": not an .npy file");
  }
  if (head[6] < 1 || head[6] > 3) {
    fail(ErrorCode::BadFile, where, ": npy version ", int{head[6]}, ", expected 1 to 3");
  }
  const std::size_t start = head[6] == 1 ? 10 : 12;
  std::size_t length = head[8] + head[9] * std::size_t{256};
  if (head[6] > 1 && head.size() >= start) {
    length += (head[10] + head[11] * std::size_t{256}) << 16U;
  }
  if (length > kMaxHeader || head.size() < start + length) {
    fail(ErrorCode::BadFile, where, ": npy header of ", length, " bytes in a file of at least ",
         head.size(), ", limit is ", kMaxHeader);
  }
  const detail::NpyLiteral literal = detail::parse_npy_literal(text.substr(start, length), where);
  NpyHeader header;
  header.type = parse_descr(literal.descr, where);
  header.shape = literal.shape;
  header.offset = start + length;
  if (literal.fortran_order) {
    fail(ErrorCode::BadFile, where,
         ": array in Fortran order, expected C order; save numpy.ascontiguousarray of it");
  }
  check_bytes(header, where, limits);
  return header;
}

NpyArray read_npy(std::span<const std::uint8_t> file,
                  const std::string& where,
                  const NpyLimits& limits) {
  NpyArray array;
  array.header = read_npy_header(file.first(std::min(file.size(), kMaxHead)), where, limits);
  const std::size_t expected = array.header.offset + array.header.num_bytes();
  if (file.size() != expected) {
    fail(ErrorCode::BadFile, where, ": ", file.size(), " bytes, the npy header asks for ",
         expected);
  }
  const auto data = file.subspan(array.header.offset);
  array.bytes.assign(data.begin(), data.end());
  return array;
}

NpyArray load_npy(const std::string& path, const NpyLimits& limits) {
  NpyFile file = open_npy(path, limits);
  return {file.header, read_part(file, path, 0, file.header.num_bytes())};
}

NpyHeader load_npy_header(const std::string& path, const NpyLimits& limits) {
  return open_npy(path, limits).header;
}

NpyArray load_npy_rows(const std::string& path,
                       std::size_t first,
                       std::size_t rows,
                       const NpyLimits& limits) {
  NpyFile file = open_npy(path, limits);
  const std::size_t all = file.header.shape.empty() ? 0 : file.header.shape[0];
  if (rows > all || first > all - rows) {
    fail(ErrorCode::InvalidArgument, path, ": rows ", first, " to ", first + rows, " of ", all);
  }
  const std::size_t row_bytes = all == 0 ? 0 : file.header.num_bytes() / all;
  NpyArray array{file.header, read_part(file, path, first * row_bytes, rows * row_bytes)};
  array.header.shape[0] = rows;
  return array;
}

}  // namespace zoa
