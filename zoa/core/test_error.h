// SPDX-License-Identifier: Apache-2.0
// What a call throws, for the tests of errors. Only tests include it.
#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa::test {

/// The code and text of the error that `call` throws.
template <class Call>
std::pair<ErrorCode, std::string> error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error";
  return {ErrorCode::Internal, ""};
}

}  // namespace zoa::test
