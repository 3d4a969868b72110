// SPDX-License-Identifier: Apache-2.0
// Options of a stream of single frames.
#pragma once

#include <cstdint>

#include "zoa/core/options.h"

namespace zoa {

struct FrameOptions {
  std::int64_t window = 64;
  std::int64_t pending = 8;
  double budget_ms = -1;

  template <class F>
  void visit(F&& f) {
    f(window, OptionMeta{"window", "frames that one update learns from", 2, 65536});
    f(pending, OptionMeta{"pending", "frames that may wait for their further passes", 1, 4096});
    f(budget_ms, OptionMeta{"budget_ms",
                            "time of a frame from which further passes may start no more; "
                            "-1 = all of them before the next frame",
                            -1, 1e6});
  }
};

}  // namespace zoa
