// SPDX-License-Identifier: Apache-2.0
// Runs methods over the domains of a data set and records every batch. Called by 'zoa eval' and
// 'zoa demo'. The protocol is that of the paper: one domain after the other, without a reset; the
// options change the order of images, mix the domains or reset the methods.
// Methods take turns on each batch: images are read once, times are comparable even if the machine
// slows down, and a run that is stopped early has them all at the same place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "zoa/core/state_file.h"
#include "zoa/data/dataset.h"
#include "zoa/eval/record.h"
#include "zoa/methods/method.h"
#include "zoa/model/model.h"

namespace zoa {

struct EvalOptions {
  std::int64_t batch = 64;
  std::int64_t rounds = 1;
  std::int64_t seed = 2020;  ///< the paper's
  std::int64_t limit = 0;
  std::string order = "file";
  std::int64_t order_seed = 0;
  double concentration = 0.1;
  bool mixed = false;
  std::string severity = "5";
  bool subset_classes = true;
  std::string reset = "continual";
  std::int64_t passes = 0;
  std::string guard = "paper";
  std::string shard;
  std::int64_t threads = 0;
  std::vector<std::string> domains;  ///< in this order; none = default_domains()

  template <class F>
  void visit(F&& f) {
    f(batch, OptionMeta{"batch", "images per batch", 1, 256});
    f(rounds, OptionMeta{"rounds", "times that the sequence of domains is run", 1, 1000});
    f(seed, OptionMeta{"seed", "of the methods' random numbers", 0, 9e15});
    f(limit, OptionMeta{"limit", "images per domain, 0 = all", 0, 1e9});
    f(order, OptionMeta{"order", "of the images: file, shuffled, sorted (by label) or dirichlet"});
    f(order_seed, OptionMeta{"order_seed", "of all orders but file", 0, 9e15});
    f(concentration, OptionMeta{"concentration", "of order dirichlet", 1e-3, 1e6});
    f(mixed, OptionMeta{"mixed", "all domains in one stream, their images interleaved at random"});
    f(severity, OptionMeta{"severity", "of corruptions, cifar10-c, imagenet-c: 5, 1-5 or 1,3,5"});
    f(subset_classes,
      OptionMeta{"subset_classes", "imagenet-r, -a: answers only among their 200 classes"});
    f(reset, OptionMeta{"reset", "continual: never; domain or round: at the start of each"});
    f(passes, OptionMeta{"passes", "most forward passes per batch, 0 = as published", 0, 1000});
    f(guard,
      OptionMeta{"guard", "of the methods: paper (none), on, evidence, off; see --set M.guard.X"});
    f(shard, OptionMeta{"shard", "run only part i/n of all (method, seed) pairs; see zoa merge"});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
  }
};

/// Throws  InvalidArgument naming the option.
void check_eval_options(const EvalOptions& options);

struct MethodRequest {
  std::string name;
  OptionValues overrides;
  bool optional = false;  ///< left out, with a note, where network or budget do not allow it
};

struct EvalPlan {
  std::vector<MethodRequest> methods;
  EvalOptions options;
  std::string command;     ///< goes into the header as it is
  bool timings = true;     ///< of the JSON lines; see RecordFormat
  std::string cache;       ///< folder that keeps compiled networks; not part of the records
  std::size_t number = 0;  ///< place of this run among those of the call, for options.shard
  std::map<std::string, MemoryState> states;  ///< what a method begins with, by its name; a reset
                                              ///< goes back to it
};

struct EvalProgress {
  std::string domain;
  std::size_t done = 0;  ///< images, each once however many methods run
  std::size_t total = 0;
};

/// All may be empty. Called from the thread that called run_eval().
struct EvalHooks {
  std::function<void(const std::string&)> line;  ///< a JSON line, without the newline
  std::function<void(const EvalProgress&)> progress;
  std::function<void(const std::string&)>
      note;  ///< what was left out, or went wrong and did no harm
  /// What a method has learnt, after its last batch; not called for a run that was stopped.
  std::function<void(const std::string& method, const MemoryState& state)> state;
  std::function<bool()> stop;  ///< asked after every batch; true = end here
};

/// Answers each batch with every method. What was recorded up to a stop comes back; the summaries
/// of an interrupted run say so. Throws  InvalidArgument for unknown methods, options, domains or a
/// wrong number of classes, before
///         the first line is written; UnsupportedModel, Io, and what the hooks throw.
Run run_eval(const Model& model, const Dataset& data, const EvalPlan& plan, const EvalHooks& hooks);

/// Throws  InvalidArgument if the data names another number of classes than the network answers.
void check_classes(const Model& model, const Dataset& data);

/// "w8a8", or "float".
std::string bits_text(const QuantizationSummary& summary);

}  // namespace zoa
