// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/graph/import.h"
#include "zoa/graph/onnx_header.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() : folder_(fs::temp_directory_path() / "zoa_detect_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Files() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  template <class Call>
  static ErrorCode code_of(const Call& call) {
    return test::error_of(call).first;
  }

  fs::path folder_;
};

TEST_F(Files, KindsByNameAndContent) {
  EXPECT_EQ(detect_model_kind(write("a.xml", "<?xml version=\"1.0\"?><net/>")),
            ModelKind::OpenVinoIr);
  EXPECT_EQ(detect_model_kind(write("a.onnx", std::string("\x08\x08\x12\x00", 4))),
            ModelKind::Onnx);
  EXPECT_EQ(detect_model_kind(write("a.tflite", std::string("\x1c\0\0\0TFL3....", 12))),
            ModelKind::TfLite);
}

TEST_F(Files, RefusesWhatIsNotAModel) {
  const auto kind = [](const fs::path& path) { return [path] { detect_model_kind(path); }; };
  EXPECT_EQ(code_of(kind(folder_ / "none.onnx")), ErrorCode::Io);
  EXPECT_EQ(code_of(kind(folder_)), ErrorCode::BadFile);
  EXPECT_EQ(code_of(kind(write("text.onnx", "hello, this is text"))), ErrorCode::BadFile);
  EXPECT_EQ(code_of(kind(write("text.xml", "hello"))), ErrorCode::BadFile);
  EXPECT_EQ(code_of(kind(write("text.tflite", "hello, this is text"))), ErrorCode::BadFile);
  EXPECT_EQ(code_of(kind(write("weights.pt", "PK"))), ErrorCode::BadFile);
  const fs::path big = write("big.onnx", std::string(100, '\x08'));
  EXPECT_EQ(code_of([&] { detect_model_kind(big, {.file_bytes = 99}); }), ErrorCode::LimitExceeded);
}

TEST_F(Files, ReadsTheOpset) {
  // ir_version = 8; opset_import { domain = "", version = 17 }
  const std::string header("\x08\x08\x42\x02\x10\x11", 6);
  EXPECT_EQ(read_onnx_opset(write("a.onnx", header)), 17);
  // Another domain does not count.
  const std::string other(
      "\x42\x07\x0a\x03"
      "foo"
      "\x10\x63",
      9);
  EXPECT_EQ(read_onnx_opset(write("b.onnx", other + header)), 17);
}

TEST_F(Files, NamesATruncatedOnnxFile) {
  const std::string cut(
      "\x08\x08\x3a\x7f"
      "graph",
      9);  // a field of 127 bytes, five are there
  EXPECT_EQ(code_of([&] { read_onnx_opset(write("a.onnx", cut)); }), ErrorCode::BadFile);
  EXPECT_EQ(code_of([&] { read_onnx_opset(write("b.onnx", std::string("\x08\x08", 2))); }),
            ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
