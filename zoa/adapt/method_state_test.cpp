// SPDX-License-Identifier: Apache-2.0
// Also on the way through a file and a run: tests/cli/run_cli_tests.py.
#include "zoa/adapt/method_state.h"

#include <gtest/gtest.h>

#include "zoa/core/file.h"
#include "zoa/core/test_error.h"
#include "zoa/data/test_files.h"
#include "zoa/image/preprocess.h"

namespace zoa {
namespace {

class MethodStateTest : public test::DataTest {};

TEST_F(MethodStateTest, BelongsToAMethodAndANetwork) {
  const Model model = Model::from_file(std::string(ZOA_SOURCE_DIR) + "/models/fashion-resnet.onnx",
                                       preset("inception", 28, 28));
  MemoryState state;
  state.metadata()["method"] = "zoa";
  state.metadata()["model"] = "net";
  state.metadata()["model_hash"] = model.hash();
  EXPECT_NO_THROW(check_method_state(state, "zoa", model));
  auto [code, text] = test::error_of([&] { check_method_state(state, "t3a", model); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("is of method 'zoa'"), std::string::npos) << text;
  state.metadata()["model_hash"] = "0123";
  std::tie(code, text) = test::error_of([&] { check_method_state(state, "zoa", model); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("network 'net' with hash 0123"), std::string::npos) << text;
  EXPECT_EQ(test::error_of([&] { check_method_state({}, "zoa", model); }).first,
            ErrorCode::StateMismatch);
}

TEST_F(MethodStateTest, FilesAreChecked) {
  MemoryState state;
  state.put_i64("step", std::vector<std::int64_t>{7});
  state.metadata()["method"] = "zoa";
  write_file_atomic(path("a.safetensors"), state.to_bytes());
  EXPECT_EQ(load_state_file(path("a.safetensors")), state);
  std::vector<std::uint8_t> bytes = state.to_bytes();
  bytes.back() ^= 1U;
  write("b.safetensors", bytes);
  EXPECT_EQ(test::error_of([&] { load_state_file(path("b.safetensors")); }).first,
            ErrorCode::BadFile);
  EXPECT_EQ(test::error_of([&] { load_state_file(path("none")); }).first, ErrorCode::Io);
}

}  // namespace
}  // namespace zoa
