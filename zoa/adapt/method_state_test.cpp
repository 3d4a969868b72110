// SPDX-License-Identifier: Apache-2.0
// Also on the way through a file and a run: tests/cli/run_cli_tests.py.
#include "zoa/adapt/method_state.h"

#include <gtest/gtest.h>

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

TEST(StateOwner, IsKeptInTheMetadata) {
  MemoryState state;
  EXPECT_EQ(read_owner(state), (StateOwner{"unknown", "unknown", "unknown"}));
  const StateOwner owner{"zoa", "net", "0123"};
  set_owner(state, owner);
  EXPECT_EQ(read_owner(state), owner);
  EXPECT_NO_THROW(check_owner(state, owner, "f"));
  EXPECT_NO_THROW(check_owner(state, {"cola-fp", "net", "0123"}, "f"));  // it reads zoa's states
  EXPECT_NO_THROW(check_same_network(state, {"t3a", "other", "0123"}, "f"));
}

TEST(StateOwner, TheErrorNamesBoth) {
  MemoryState state;
  set_owner(state, {"zoa", "net", "0123"});
  auto [code, text] = test::error_of([&] { check_owner(state, {"t3a", "net", "0123"}, "f"); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_EQ(text, "f: is of method 'zoa', expected 't3a'");
  std::tie(code, text) =
      test::error_of([&] { check_owner(state, {"zoa", "big net", "89ab"}, "f"); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_EQ(text, "f: learnt on network 'net' with hash 0123, expected 'big net' with hash 89ab");
  state.metadata()["content"] = "bank";
  std::tie(code, text) = test::error_of([&] { check_owner(state, {"zoa", "net", "0123"}, "f"); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("f: is an exported bank"), std::string::npos) << text;
}

}  // namespace
}  // namespace zoa
