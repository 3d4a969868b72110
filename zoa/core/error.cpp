// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/error.h"

namespace zoa {

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::InvalidArgument: return "invalid_argument";
    case ErrorCode::BadFile: return "bad_file";
    case ErrorCode::UnsupportedModel: return "unsupported_model";
    case ErrorCode::StateMismatch: return "state_mismatch";
    case ErrorCode::LimitExceeded: return "limit_exceeded";
    case ErrorCode::Io: return "io";
    case ErrorCode::Internal: return "internal";
  }
  return "internal";
}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::InvalidArgument: return 2;
    case ErrorCode::BadFile:
    case ErrorCode::LimitExceeded:
    case ErrorCode::StateMismatch: return 3;
    case ErrorCode::UnsupportedModel: return 4;
    case ErrorCode::Io:
    case ErrorCode::Internal: return 1;
  }
  return 1;
}

}  // namespace zoa
