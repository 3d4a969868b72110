// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "zoa/core/error.h"
#include "zoa/graph/import.h"

namespace zoa {

namespace {

std::string lower_extension(const std::filesystem::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string first_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail(ErrorCode::Io, path.string(), ": cannot be opened; check the path and its permissions");
  }
  std::array<char, 64> head{};
  file.read(head.data(), head.size());
  return {head.data(), static_cast<std::size_t>(file.gcount())};
}

// An ONNX file is a protobuf ModelProto: field 1 (ir_version, varint) comes first in what exporters
// write; some write field 7 (graph) or 8 (opset_import) first.
bool looks_like_onnx(const std::string& head) {
  if (head.size() < 4) {
    return false;
  }
  const auto tag = static_cast<unsigned char>(head[0]);
  return tag == 0x08 || tag == 0x12 || tag == 0x3a || tag == 0x42;
}

}  // namespace

ModelKind detect_model_kind(const std::filesystem::path& path, const ImportLimits& limits) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    fail(ErrorCode::Io, path.string(), ": no such file");
  }
  if (!std::filesystem::is_regular_file(path, error)) {
    fail(ErrorCode::BadFile, path.string(),
         ": not a file; expected a .onnx, .xml or .tflite model");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > limits.file_bytes) {
    fail(ErrorCode::LimitExceeded, path.string(), ": ", size, " bytes, the limit is ",
         limits.file_bytes);
  }
  const std::string head = first_bytes(path);
  const std::string extension = lower_extension(path);
  if (extension == ".xml") {
    if (head.find("<?xml") == std::string::npos && head.find("<net") == std::string::npos) {
      fail(ErrorCode::BadFile, path.string(), ": not an OpenVINO IR (does not start as XML)");
    }
    return ModelKind::OpenVinoIr;
  }
  if (extension == ".tflite") {
    if (head.size() < 8 || head.compare(4, 4, "TFL3") != 0) {
      fail(ErrorCode::BadFile, path.string(), ": not a TFLite model (no TFL3 mark at byte 4)");
    }
    return ModelKind::TfLite;
  }
  if (extension == ".onnx") {
    if (!looks_like_onnx(head)) {
      fail(ErrorCode::BadFile, path.string(),
           ": not an ONNX model (does not start as a ModelProto)");
    }
    return ModelKind::Onnx;
  }
  fail(ErrorCode::BadFile, path.string(), ": unknown kind of model '", extension,
       "'; expected .onnx, .xml (OpenVINO IR) or .tflite");
}

}  // namespace zoa
