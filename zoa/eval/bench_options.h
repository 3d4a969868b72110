// SPDX-License-Identifier: Apache-2.0
// How often and with what 'zoa bench' times, and how it sums up repetitions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoa/core/log.h"
#include "zoa/core/options.h"
#include "zoa/eval/metrics.h"

namespace zoa {

struct BenchOptions {
  std::int64_t reps = 20;
  std::int64_t warmup = 3;
  std::int64_t cold = 0;
  std::int64_t threads = 0;
  std::int64_t seed = 2020;
  std::string guard = "paper";
  std::string cache;  ///< folder that keeps compiled networks
  LogSink log;        ///< told what is wrong with it

  template <class F>
  void visit(F&& f) {
    f(reps, OptionMeta{"reps", "timed steps per method and batch size", 1, 100000});
    f(warmup, OptionMeta{"warmup", "steps before the timed ones", 0, 1000});
    f(cold, OptionMeta{"cold",
                       "starts to time first: load the folder, rewrite its network, compile it, "
                       "answer a batch of the first size; 0 = none",
                       0, 1000});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
    f(seed, OptionMeta{"seed", "of the methods and of random images", 0, 9e15});
    f(guard, OptionMeta{"guard", "of the methods: paper (none), on, evidence, off"});
    f(cache, OptionMeta{"cache", "folder that keeps compiled networks for the next start"});
  }
};

/// Median and quartiles.
struct Spread {
  double median = 0;
  double q1 = 0;
  double q3 = 0;
};

inline Spread spread_of(const std::vector<double>& values) {
  return {median(values), quantile(values, 0.25), quantile(values, 0.75)};
}

}  // namespace zoa
