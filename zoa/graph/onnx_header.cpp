// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/onnx_header.h"

#include <fstream>
#include <string>

#include "zoa/core/error.h"

namespace zoa {

namespace {

// Protobuf wire format over a file, one field at a time.
class WireReader {
 public:
  explicit WireReader(const std::filesystem::path& path)
      : path_(path.string()),
        file_(path, std::ios::binary),
        end_(std::filesystem::file_size(path)) {}

  bool at_end() const { return position_ >= end_; }
  std::uint64_t position() const { return position_; }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const int byte = file_.get();
      if (byte < 0) {
        fail(ErrorCode::BadFile, path_, ": truncated ONNX file (ends within a field at byte ",
             position_, ")");
      }
      ++position_;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        return value;
      }
    }
    fail(ErrorCode::BadFile, path_, ": damaged ONNX file (bad number at byte ", position_, ")");
  }

  void skip(std::uint64_t bytes) {
    require(bytes);
    position_ += bytes;
    file_.seekg(static_cast<std::streamoff>(position_));
  }

  std::string bytes(std::uint64_t count) {
    require(count);
    std::string text(count, '\0');
    file_.read(text.data(), static_cast<std::streamsize>(count));
    position_ += count;
    return text;
  }

  void skip_value(std::uint64_t wire_type) {
    switch (wire_type) {
      case 0: varint(); return;
      case 1: skip(8); return;
      case 2: skip(varint()); return;
      case 5: skip(4); return;
      default:
        fail(ErrorCode::BadFile, path_, ": damaged ONNX file (wire type ", wire_type, " at byte ",
             position_, ")");
    }
  }

 private:
  void require(std::uint64_t bytes) const {
    if (bytes > end_ - position_) {
      fail(ErrorCode::BadFile, path_, ": truncated ONNX file: a field of ", bytes,
           " bytes starts at byte ", position_, ", the file has ", end_,
           "; copy or export it again");
    }
  }

  std::string path_;
  std::ifstream file_;
  std::uint64_t end_;
  std::uint64_t position_ = 0;
};

constexpr std::uint64_t kOpsetImportField = 8;
constexpr std::uint64_t kMaxOpsetBytes = 4096;

// OperatorSetIdProto: domain = 1 (text), version = 2 (number). Returns 0 for another domain.
std::int64_t read_opset_import(WireReader& wire) {
  const std::uint64_t size = wire.varint();
  if (size > kMaxOpsetBytes) {
    wire.skip(size);
    return 0;
  }
  const std::uint64_t end = wire.position() + size;
  std::string domain;
  std::int64_t version = 0;
  while (wire.position() < end) {
    const std::uint64_t tag = wire.varint();
    if (tag == 0x0a) {
      domain = wire.bytes(wire.varint());
    } else if (tag == 0x10) {
      version = static_cast<std::int64_t>(wire.varint());
    } else {
      wire.skip_value(tag & 7U);
    }
  }
  return domain.empty() || domain == "ai.onnx" ? version : 0;
}

}  // namespace

std::int64_t read_onnx_opset(const std::filesystem::path& path) {
  WireReader wire(path);
  std::int64_t opset = 0;
  while (!wire.at_end()) {
    const std::uint64_t tag = wire.varint();
    if (tag >> 3U == kOpsetImportField && (tag & 7U) == 2) {
      opset = std::max(opset, read_opset_import(wire));
    } else {
      wire.skip_value(tag & 7U);
    }
  }
  if (opset == 0) {
    fail(ErrorCode::BadFile, path.string(), ": not an ONNX model (no operator set is named)");
  }
  return opset;
}

}  // namespace zoa
